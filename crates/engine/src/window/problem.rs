//! What is wrong with a window, and the way out.

/// One mistake in a window or a period, for the configuration's reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowProblem {
    /// The key it is about, such as `open`.
    pub field: &'static str,
    /// Which element, when the key is a list; counted from 0.
    pub index: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// A mistake whose place the caller knows.
#[derive(Debug)]
pub(super) struct Wrong {
    pub message: String,
    pub help: String,
}

impl Wrong {
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Wrong {
        Wrong { message: message.into(), help: help.into() }
    }

    pub fn at(self, field: &'static str, index: Option<usize>) -> WindowProblem {
        WindowProblem { field, index, message: self.message, help: self.help }
    }
}
