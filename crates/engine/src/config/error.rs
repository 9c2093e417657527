//! What is wrong with a configuration, where, and the way out.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use lastlook_kernel::PolicyProblem;
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ConfigError {
    /// A file that somebody named does not exist.
    #[error("there is no {kind} at `{}`", path.display())]
    #[diagnostic(help("{named_by}: create the file, or name another one"))]
    Missing {
        /// What it should be.
        kind: FileKind,
        /// The file.
        path: PathBuf,
        /// Who named it.
        named_by: NamedBy,
    },
    /// The operating system does not let us read it.
    #[error("cannot read the {kind} `{}`: {error}", path.display())]
    #[diagnostic(help("check its permissions and those of its folders"))]
    Unreadable {
        /// What it should be.
        kind: FileKind,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("the {kind} `{}` is not a file", path.display())]
    #[diagnostic(help("name the file itself, such as `{}`", kind.example()))]
    NotAFile {
        /// What it should be.
        kind: FileKind,
        /// What was named.
        path: PathBuf,
    },
    /// Others could change which commands run.
    #[error("the {kind} `{}` can be changed by other users (mode {mode:04o})", path.display())]
    #[diagnostic(help("{}: chmod go-w '{}'", kind.at_stake(), path.display()))]
    Writable {
        /// What it should be.
        kind: FileKind,
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is larger than a configuration can be.
    #[error("the {kind} `{}` is larger than {} MiB", path.display(), kind.max_bytes() >> 20)]
    #[diagnostic(help("is it the right file?"))]
    TooLarge {
        /// What it should be.
        kind: FileKind,
        /// The file.
        path: PathBuf,
    },
    /// It is not text.
    #[error("the {kind} `{}` is not UTF-8 text from byte {at} on", path.display())]
    #[diagnostic(help("save it as UTF-8"))]
    NotText {
        /// What it should be.
        kind: FileKind,
        /// The file.
        path: PathBuf,
        /// The first byte that is not UTF-8, from 0.
        at: usize,
    },
    /// The environment names a file that depends on the working directory.
    #[error("`LASTLOOK_CONFIG` is the relative path `{}`", path.display())]
    #[diagnostic(help(
        "write the whole path: a relative one would take commands from whatever folder this is started in"
    ))]
    Relative {
        /// Its value.
        path: PathBuf,
    },
    /// The text has mistakes.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Invalid(#[from] Box<Invalid>),
}

impl ConfigError {
    /// Mistakes in policies or entities; `texts` are the files' names and texts. Those of the first file that has some are
    /// shown with their places.
    pub(super) fn policies(problems: &[PolicyProblem], texts: &[(&str, &str)]) -> ConfigError {
        let of = |name: &str| problems.iter().filter(|problem| problem.file == name).collect::<Vec<_>>();
        let first = texts.iter().find(|(name, _)| !of(name).is_empty()).or(texts.first());
        let (name, text) = first.copied().unwrap_or_default();
        let shown = of(name).into_iter().map(|problem| {
            let (start, end) = problem.at.unwrap_or_default();
            let help = problem.help.clone().unwrap_or_else(|| "see https://docs.cedarpolicy.com".to_owned());
            Problem { message: problem.message.clone(), span: start..end, label: String::new(), help }
        });
        ConfigError::Invalid(Box::new(Invalid::new(name, text.to_owned(), shown.collect())))
    }
}

/// What a file is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// The configuration itself.
    Configuration,
    /// Cedar policies.
    Policy,
    /// Cedar entities.
    Entities,
}

impl FileKind {
    /// The largest such file that is read, in bytes.
    pub fn max_bytes(self) -> u64 {
        match self {
            FileKind::Configuration | FileKind::Policy => super::MAX_BYTES,
            FileKind::Entities => 16 * super::MAX_BYTES,
        }
    }

    fn example(self) -> &'static str {
        match self {
            FileKind::Configuration => "lastlook.toml",
            FileKind::Policy => "policy.cedar",
            FileKind::Entities => "entities.json",
        }
    }

    fn at_stake(self) -> &'static str {
        match self {
            FileKind::Configuration => "it names commands that run as you",
            FileKind::Policy | FileKind::Entities => "it says who may do what",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileKind::Configuration => "configuration file",
            FileKind::Policy => "policy file",
            FileKind::Entities => "entities file",
        })
    }
}

/// Who named a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// The command line, or a caller.
    Argument,
    /// The variable `LASTLOOK_CONFIG`.
    Environment,
    /// Nobody: it is the user's own, and may be absent.
    Convention,
    /// The configuration file.
    Configuration,
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NamedBy::Argument => "`--config` names it",
            NamedBy::Environment => "`LASTLOOK_CONFIG` names it",
            NamedBy::Convention => "it is your own configuration",
            NamedBy::Configuration => "`[policy]` of the configuration names it",
        })
    }
}

/// All mistakes of one configuration text, in the order of their places; never none.
///
/// One mistake is shown as itself, several as a list. The text shown beside them has secrets struck out (the values of
/// `env`, addresses of databases, headers): messages end up in other programs' logs.
#[derive(Debug)]
pub struct Invalid {
    name: String,
    text: NamedSource<String>,
    problems: Vec<Problem>,
}

impl Invalid {
    pub(super) fn new(name: &str, text: String, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
        Self { name: name.to_owned(), text: NamedSource::new(name, text), problems }
    }

    /// The name of the file they are in.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The line a mistake begins in, and its character there, both from 1.
    pub fn position(&self, problem: &Problem) -> (usize, usize) {
        let before = self.text.inner().get(..problem.span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count();
        (1 + before.bytes().filter(|byte| *byte == b'\n').count(), 1 + column)
    }

    /// The mistakes, in the order of their places.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn only(&self) -> Option<&Problem> {
        match self.problems.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.only() {
            Some(problem) => problem.fmt(f),
            None => write!(f, "{} mistakes in `{}`", self.problems.len(), self.name),
        }
    }
}

impl std::error::Error for Invalid {}

impl Diagnostic for Invalid {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.only()?.help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.text)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.only()?.labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let several = self.problems.len() > 1;
        several.then(|| Box::new(self.problems.iter().map(|problem| problem as &dyn Diagnostic)) as Box<_>)
    }
}

/// One mistake in a configuration text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What to write under that place; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let text = (!self.label.is_empty()).then(|| self.label.clone());
        let label = LabeledSpan::new_with_span(text, self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}
