//! `redact` and `digest_only` of a tool: what of its values is not kept.

/// A place in the values of a tool's actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPlace {
    /// Of what it is a part.
    pub of: FieldOf,
    /// The way there: member names and indices, unescaped.
    pub path: Vec<FieldStep>,
    /// As it was written.
    pub text: String,
}

/// What a place is part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldOf {
    /// The arguments of the tool's calls.
    Args,
    /// What the tool answers, as a fact would be read of it.
    Answer,
    /// This fact, as it was and as it is.
    Fact(String),
}

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldStep {
    /// To the member of this name, or the item of this index.
    Name(String),
    /// To each member or item.
    Each,
}

impl FieldPlace {
    /// Whether all that the other place names is here too.
    pub fn covers(&self, other: &FieldPlace) -> bool {
        let FieldPlace { of, path, text: _ } = self;
        let covers = |(own, other): (&FieldStep, &FieldStep)| *own == FieldStep::Each || own == other;
        *of == other.of && path.len() <= other.path.len() && path.iter().zip(&other.path).all(covers)
    }

    /// Whether one of both contains the other, if the other is reached by these member names.
    pub fn overlaps(&self, path: &[&str]) -> bool {
        self.path.iter().zip(path).all(|(step, name)| match step {
            FieldStep::Each => true,
            FieldStep::Name(own) => own == name,
        })
    }
}
