//! Tools as the operator classed them.

use lastlook_canon::{Digest, Json, lexical};

use crate::Ignore;

/// What a tool may do to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It changes nothing: its answers are readings.
    Read,
    /// It changes something, and may do so without having read it (blind).
    Write,
    /// It changes something and must rest on a reading.
    Destructive,
}

impl Class {
    /// The spelling in configuration and receipts.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Read => "read",
            Class::Write => "write",
            Class::Destructive => "destructive",
        }
    }
}

/// Whose word a class is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClassSource {
    /// The operator's configuration.
    Declared,
    /// A profile shipped with the boundary.
    Profile,
    /// The server's own annotation, where those count.
    Hinted,
    /// Nobody's: the strictest class the situation allows.
    Default,
}

impl ClassSource {
    /// The spelling in receipts.
    pub fn as_str(self) -> &'static str {
        match self {
            ClassSource::Declared => "declared",
            ClassSource::Profile => "profile",
            ClassSource::Hinted => "hinted",
            ClassSource::Default => "default",
        }
    }
}

/// The class of a tool and whose word it is.
///
/// `declared` and `profile` are the operator's and the shipped word; `read_only_hint` is the server's, which counts
/// only where `hints_count`: with no configuration at all, or with `trust_annotations = true` (I3).
/// Undeclared tools are `write` when there is no configuration, `destructive` when there is one.
pub fn classify(
    declared: Option<Class>,
    profile: Option<Class>,
    read_only_hint: bool,
    hints_count: bool,
    configured: bool,
) -> (Class, ClassSource) {
    if let Some(class) = declared {
        return (class, ClassSource::Declared);
    }
    if let Some(class) = profile {
        return (class, ClassSource::Profile);
    }
    if hints_count && read_only_hint {
        return (Class::Read, ClassSource::Hinted);
    }
    (if configured { Class::Destructive } else { Class::Write }, ClassSource::Default)
}

/// What the operator or a profile says of one tool beyond its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolRules {
    /// JSON Pointers into the arguments that name its subjects; replaces the general rule.
    pub subjects: Option<Vec<String>>,
    /// Tools of the same upstream whose readings this tool moves without sharing a subject.
    pub touches: Vec<String>,
    /// Parts of its answers that may move freely.
    pub ignore: Vec<Ignore>,
    /// False for reads that cost or consume: they are never repeated and give no basis.
    pub retake: bool,
    /// True when the effect is held by the child process alone: it cannot land after the child has ended.
    pub local: bool,
    /// True when an error answer means that nothing happened.
    pub errors_mean_no_effect: bool,
}

impl Default for ToolRules {
    fn default() -> Self {
        ToolRules {
            subjects: None,
            touches: Vec::new(),
            ignore: Vec::new(),
            retake: true,
            local: false,
            errors_mean_no_effect: false,
        }
    }
}

/// A tool's definition as its server lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// SHA-256 over the whole listed object (name, description, schemas, annotations), keys sorted.
    pub digest: Digest,
    /// Its `inputSchema`, used only to find members that cannot be subjects.
    pub input_schema: Option<Json>,
    /// Its `annotations.readOnlyHint`, when true.
    pub read_only_hint: bool,
}

impl Definition {
    /// Reads one element of a `tools/list` answer; `None` when it has no name.
    pub fn from_listed(tool: &Json) -> Option<(String, Definition)> {
        let name = tool.get("name")?.as_str()?.to_owned();
        let digest = Digest::of("lastlook/tool/v1", &[&lexical(tool)]);
        let input_schema = tool.get("inputSchema").cloned();
        let read_only_hint = tool.pointer("/annotations/readOnlyHint").and_then(Json::as_bool) == Some(true);
        Some((name, Definition { digest, input_schema, read_only_hint }))
    }
}

/// One tool as the boundary judges it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// The tool's own name.
    pub name: String,
    /// What it may do.
    pub class: Class,
    /// Whose word that is.
    pub class_by: ClassSource,
    /// Its definition; `None` when the server lists no such tool.
    pub definition: Option<Definition>,
    /// What else is known of it.
    pub rules: ToolRules,
}
