//! What new policies no longer forbid, or newly permit.

use super::Policies;

impl Policies {
    /// What going from `self` to `new` would allow that was not, one sentence each; empty when nothing would be.
    ///
    /// Only what is plainly equal or stronger is left out: whoever asks takes the list as a reason to wait for an
    /// operator. More that is forbidden, and less that is permitted, is stronger.
    pub fn weaker(&self, new: &Policies) -> Vec<String> {
        let mut said = Vec::new();
        for old in self.rules.iter().filter(|rule| !rule.permits) {
            let still = new.rules.iter().any(|rule| !rule.permits && rule.whole.eq_shape(&old.whole));
            if !still {
                said.push(format!("policy `{}` no longer forbids what it did", old.id));
            }
        }
        for rule in new.rules.iter().filter(|rule| rule.permits) {
            let was = self.rules.iter().any(|old| old.permits && old.whole.eq_shape(&rule.whole));
            if !was {
                said.push(format!("policy `{}` permits what nothing did", rule.id));
            }
        }
        if !self.entities().is_same(new.entities()) {
            said.push("the entities of the policies are others".to_owned());
        }
        said
    }
}
