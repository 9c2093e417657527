//! What a summary of reads says.

use super::Placed;

/// Calls of one tool, or of all tools that the summary does not tell apart.
#[derive(Debug, Clone, Copy)]
pub struct Calls<'a> {
    /// The tool and its upstream; nothing for the others.
    pub tool: Option<(&'a str, &'a str)>,
    /// How many there were.
    pub count: u64,
}

impl Placed {
    /// The calls that a summary of reads counts; nothing in other entries.
    pub fn calls(&self) -> impl Iterator<Item = Calls<'_>> {
        let told = self.list("calls").iter().filter_map(|call| {
            let tool = (call.get("upstream")?.as_str()?, call.get("tool")?.as_str()?);
            Some(Calls { tool: Some(tool), count: call.get("count")?.as_u64()? })
        });
        told.chain(self.count("others").map(|count| Calls { tool: None, count }))
    }
}
