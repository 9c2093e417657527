//! What a new configuration no longer asks for.
//!
//! Only what is plainly equal or stronger is left out: whoever asks takes the list as a reason to wait for an operator.

mod fact;
mod guard;
mod step;
mod tool;

use std::collections::BTreeMap;

use lastlook_kernel::{BlindWrites, Mode};

use super::{Config, Defaults, WitnessesConfig};

/// What going from `old` to `new` would remove or weaken, one sentence each; empty when nothing would be.
///
/// Texts of policies are not looked at, since they are not part of [`Config`]: see [`lastlook_kernel::Policies::weaker`]. What only makes the boundary more or less
/// patient (time-outs of readings, waiting for a subject or a lease) is not weaker.
pub fn weaker(old: &Config, new: &Config) -> Vec<String> {
    let mut said = Said::default();
    top_level(old, new, &mut said);
    defaults(&old.defaults, &new.defaults, &mut said);
    tool::tools(old, new, &mut said);
    each(&old.databases, &new.databases, "database", &mut said, |old, new, name, said| {
        said.when(old != new, || format!("database `{name}` is another"));
    });
    each(&old.facts, &new.facts, "fact", &mut said, fact::fact);
    each(&old.procedures, &new.procedures, "procedure", &mut said, |before, after, name, said| {
        let what = format!("procedure `{name}`");
        said.extend(step::weaker_steps(&what, &step::of_procedure(before), &step::of_procedure(after)));
    });
    each(&old.guards, &new.guards, "guard", &mut said, |before, after, _, said| {
        guard::guard(before, after, (old.defaults.mode, new.defaults.mode), said);
    });
    witnesses(&old.witnesses, &new.witnesses, &mut said);
    let longer = old.keep_values.is_some_and(|old| new.keep_values.is_none_or(|new| new > old));
    said.when(longer, || "values are kept longer".to_owned());
    said.sentences
}

/// The sentences so far.
#[derive(Debug, Default)]
pub(super) struct Said {
    sentences: Vec<String>,
}

impl Said {
    fn when(&mut self, weaker: bool, sentence: impl FnOnce() -> String) {
        if weaker {
            self.sentences.push(sentence());
        }
    }

    fn extend(&mut self, sentences: impl IntoIterator<Item = String>) {
        self.sentences.extend(sentences);
    }
}

fn each<T>(
    old: &BTreeMap<String, T>,
    new: &BTreeMap<String, T>,
    kind: &str,
    said: &mut Said,
    mut compare: impl FnMut(&T, &T, &str, &mut Said),
) {
    for (name, before) in old {
        match new.get(name) {
            Some(after) => compare(before, after, name, said),
            None => said.when(true, || format!("{kind} `{name}` is gone")),
        }
    }
}

fn top_level(old: &Config, new: &Config, said: &mut Said) {
    said.when(new.trust_annotations && !old.trust_annotations, || {
        "annotations of servers count for the class of their tools".to_owned()
    });
    said.when(old.principal != new.principal, || "the principal is another".to_owned());
    said.when(old.groups != new.groups, || "the principal is in other groups".to_owned());
    match (&old.policy, &new.policy) {
        (Some(_), None) => said.when(true, || "the policies are gone".to_owned()),
        (Some(before), Some(after)) => {
            said.when(before != after, || "the policies are other files".to_owned());
        }
        (None, _) => {}
    }
}

fn witnesses(old: &WitnessesConfig, new: &WitnessesConfig, said: &mut Said) {
    each(&old.each, &new.each, "witness", said, |before, after, name, said| {
        said.when(before.key != after.key, || format!("witness `{name}` has another key"));
    });
    said.when(new.quorum < old.quorum, || "fewer witnesses are wanted".to_owned());
}

fn defaults(old: &Defaults, new: &Defaults, said: &mut Said) {
    // Named one by one, so that a new one has to be thought about here.
    let Defaults {
        blind_writes,
        not_subjects,
        receipt_meta: _,
        mode,
        fact_timeout: _,
        max_gap,
        wait_for_subject: _,
        wait_for_approval: _,
        // What a client tells its user decides nothing.
        elicit: _,
    } = old;
    said.when(*blind_writes == BlindWrites::Refuse && new.blind_writes == BlindWrites::Allow, || {
        "blind writes are allowed".to_owned()
    });
    said.when(*not_subjects != new.not_subjects, || "other names of arguments name no subject".to_owned());
    said.when(*mode == Mode::Enforce && new.mode == Mode::Audit, || {
        "the mode is audit: nothing is refused".to_owned()
    });
    said.when(new.max_gap > *max_gap, || "a look may be older at the gate".to_owned());
}
