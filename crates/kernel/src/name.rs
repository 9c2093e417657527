//! Names of tools across upstreams.

/// A tool of one upstream, written `upstream.tool`: `shop.refund`.
///
/// The upstream's name has no dot, so the first one separates; a tool's own name may have more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolName {
    /// The upstream.
    pub upstream: String,
    /// The tool's own name at that upstream.
    pub tool: String,
}

impl ToolName {
    /// The name with these parts.
    pub fn new(upstream: impl Into<String>, tool: impl Into<String>) -> ToolName {
        ToolName { upstream: upstream.into(), tool: tool.into() }
    }

    /// Reads `upstream.tool`; `None` when either part is missing.
    pub fn parse(text: &str) -> Option<ToolName> {
        let (upstream, tool) = text.split_once('.')?;
        (!upstream.is_empty() && !tool.is_empty()).then(|| ToolName::new(upstream, tool))
    }
}

impl std::fmt::Display for ToolName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.upstream, self.tool)
    }
}
