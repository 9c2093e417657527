//! A case that owns what it is made of.

use lastlook_kernel::{
    Action, Basis, Case, GuardSet, Mode, Moment, Snapshot, Standing, Tool, Verdict, decide,
};

/// The inputs of one verdict in the kernel's types.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// What is wanted.
    pub action: Action,
    /// The tool as the boundary judges it.
    pub tool: Tool,
    /// *Was*.
    pub basis: Basis,
    /// *Now*.
    pub snapshot: Snapshot,
    /// What stands for or against it.
    pub standing: Standing,
    /// What must hold.
    pub guards: GuardSet,
    /// Enforce or audit.
    pub mode: Mode,
    /// When it is decided.
    pub at: Moment,
}

impl Inputs {
    /// The same inputs, borrowed.
    pub fn as_case(&self) -> Case<'_> {
        let Inputs { action, tool, basis, snapshot, standing, guards, mode, at } = self;
        Case {
            action,
            tool,
            basis,
            snapshot,
            standing,
            guards,
            mode: *mode,
            at: *at,
            judgement: None,
            deadline: None,
        }
    }

    /// What the kernel says of them.
    pub fn decide(&self) -> Verdict {
        decide(&self.as_case())
    }
}

impl<'a> From<&Case<'a>> for Inputs {
    fn from(case: &Case<'a>) -> Inputs {
        let Case { action, tool, basis, snapshot, standing, guards, mode, at, judgement: _, deadline: _ } =
            case;
        Inputs {
            action: (*action).clone(),
            tool: (*tool).clone(),
            basis: (*basis).clone(),
            snapshot: (*snapshot).clone(),
            standing: (*standing).clone(),
            guards: (*guards).clone(),
            mode: *mode,
            at: *at,
        }
    }
}
