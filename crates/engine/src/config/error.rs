//! What is wrong with a configuration, where, and the way out.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ConfigError {
    /// A file that somebody named does not exist.
    #[error("there is no configuration file at `{}`", path.display())]
    #[diagnostic(help("{named_by}: create the file, or name another one"))]
    Missing {
        /// The file.
        path: PathBuf,
        /// Who named it.
        named_by: NamedBy,
    },
    /// The operating system does not let us read it.
    #[error("cannot read the configuration file `{}`: {error}", path.display())]
    #[diagnostic(help("check its permissions and those of its folders"))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("the configuration `{}` is not a file", path.display())]
    #[diagnostic(help("name the file itself, such as `lastlook.toml`"))]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// Others could change which commands run.
    #[error("the configuration file `{}` can be changed by other users (mode {mode:04o})", path.display())]
    #[diagnostic(help("it names commands that run as you: chmod go-w '{}'", path.display())
    )]
    Writable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is larger than a configuration can be.
    #[error("the configuration file `{}` is larger than 1 MiB", path.display())]
    #[diagnostic(help("is it the right file?"))]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It is not text.
    #[error("the configuration file `{}` is not UTF-8 text from byte {at} on", path.display())]
    #[diagnostic(help("save it as UTF-8"))]
    NotText {
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

/// Who named a configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// The command line, or a caller.
    Argument,
    /// The variable `LASTLOOK_CONFIG`.
    Environment,
    /// Nobody: it is the user's own, and may be absent.
    Convention,
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NamedBy::Argument => "`--config` names it",
            NamedBy::Environment => "`LASTLOOK_CONFIG` names it",
            NamedBy::Convention => "it is your own configuration",
        })
    }
}

/// All mistakes of one configuration text, in the order of their places; never none.
///
/// One mistake is shown as itself, several as a list. The text shown beside them has the values of `env` struck out:
/// messages end up in other programs' logs.
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
    /// What to write under that place.
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
        let label = LabeledSpan::new_with_span(Some(self.label.clone()), self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}
