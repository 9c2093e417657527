//! The tools of one server as the boundary knows them, and as the client was shown them.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use lastlook_canon::{Digest, Json};
use lastlook_kernel::{Definition, Shape, Tool, ToolName};
use tokio::sync::Notify;

use crate::config::UpstreamRules;
use crate::rulebook::Listed;
use crate::settings;

/// How the boundary stands to the server's list of tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Never listed, or the server said that the list changed.
    Stale,
    /// Listed in full.
    Listed,
}

/// What a server offers.
#[derive(Debug)]
pub struct Catalog {
    rules: UpstreamRules,
    inside: RwLock<Inside>,
    listed: Notify,
}

#[derive(Debug)]
struct Inside {
    listing: Listing,
    /// Moves with every `list_changed`: a listing that started before does not count.
    generation: u64,
    tools: BTreeMap<String, Arc<Tool>>,
    /// What is known of the types of their arguments.
    shapes: BTreeMap<String, Arc<Shape>>,
    /// The definitions the client was last shown.
    shown: BTreeMap<String, Digest>,
}

impl Catalog {
    /// Nothing listed yet.
    pub fn new(rules: UpstreamRules) -> Catalog {
        let inside = Inside {
            listing: Listing::Stale,
            generation: 0,
            tools: BTreeMap::new(),
            shapes: BTreeMap::new(),
            shown: BTreeMap::new(),
        };
        Catalog { rules, inside: RwLock::new(inside), listed: Notify::new() }
    }

    /// The tool, if the list is current; `None` when the boundary must list first.
    pub fn tool(&self, name: &str) -> Option<Arc<Tool>> {
        let inside = self.read();
        if inside.listing == Listing::Stale {
            return None;
        }
        Some(match inside.tools.get(name) {
            Some(tool) => Arc::clone(tool),
            None => Arc::new(settings::tool(&self.rules, name, None)),
        })
    }

    /// A tool of which the server said nothing: refused, whatever its name.
    pub fn unlisted(&self, name: &str) -> Arc<Tool> {
        Arc::new(settings::tool(&self.rules, name, None))
    }

    /// The tool as last listed, however old the list.
    pub fn last_known(&self, name: &str) -> Option<Arc<Tool>> {
        self.read().tools.get(name).cloned()
    }

    /// True when the tool is not the one the client was shown, or no longer the one it was when the call arrived.
    ///
    /// While the server's announced change has not been read, every tool counts as changed.
    pub fn has_changed(&self, tool: &Tool) -> bool {
        let inside = self.read();
        let Some(definition) = &tool.definition else { return false };
        let now = inside.tools.get(&tool.name).and_then(|now| now.definition.as_ref());
        inside.listing == Listing::Stale
            || now.is_none_or(|now| now.digest != definition.digest)
            || inside.shown.get(&tool.name).is_some_and(|shown| *shown != definition.digest)
    }

    /// Waits until the list is current, at most `limit`.
    pub async fn settled(&self, limit: Duration) {
        if self.is_current() {
            return;
        }
        let current = async {
            loop {
                let listed = self.listed.notified();
                if self.is_current() {
                    return;
                }
                listed.await;
            }
        };
        let _ = tokio::time::timeout(limit, current).await;
    }

    /// What is known of the types of a tool's arguments.
    pub(crate) fn args_shape(&self, tool: &str) -> Arc<Shape> {
        self.read().shapes.get(tool).cloned().unwrap_or_else(|| Arc::new(Shape::Unknown))
    }

    /// Every listed tool, as rules are checked against it.
    pub(crate) fn all(&self, upstream: &str) -> Vec<Listed> {
        let inside = self.read();
        inside
            .tools
            .iter()
            .map(|(name, tool)| {
                let schema = tool.definition.as_ref().and_then(|definition| definition.input_schema.clone());
                Listed::new(ToolName::new(upstream, name), tool.class, schema)
            })
            .collect()
    }

    /// Tools that were just listed, as rules are checked against them.
    pub(crate) fn as_listed(&self, upstream: &str, listed: &[(String, Definition)]) -> Vec<Listed> {
        let one = |(name, definition): &(String, Definition)| {
            let class = settings::tool(&self.rules, name, Some(definition.clone())).class;
            Listed::new(ToolName::new(upstream, name), class, definition.input_schema.clone())
        };
        listed.iter().map(one).collect()
    }

    /// True when the list is current: nothing was announced since it was read.
    pub fn is_current(&self) -> bool {
        self.read().listing == Listing::Listed
    }

    /// The generation a listing starts under.
    pub fn generation(&self) -> u64 {
        self.read().generation
    }

    /// The server says that its tools changed: list again before judging.
    pub fn mark_changed(&self) {
        let mut inside = self.inside.write().unwrap_or_else(PoisonError::into_inner);
        inside.generation += 1;
        inside.listing = Listing::Stale;
    }

    /// Takes in a whole listing by the boundary. A client that never lists is held to the first one.
    pub fn listed(&self, generation: u64, listed: Vec<(String, Definition)>) {
        let mut inside = self.inside.write().unwrap_or_else(PoisonError::into_inner);
        inside.tools.clear();
        inside.shapes.clear();
        for (name, definition) in listed {
            inside.shown.entry(name.clone()).or_insert(definition.digest);
            inside.shapes.insert(name.clone(), Arc::new(shape(&definition)));
            inside.tools.insert(name.clone(), Arc::new(settings::tool(&self.rules, &name, Some(definition))));
        }
        if inside.generation == generation {
            inside.listing = Listing::Listed;
        }
        drop(inside);
        self.listed.notify_waiters();
    }

    /// Takes in one page that passed to the client: what it says is what the client has seen, and what there is.
    pub fn shown_to_client(&self, page: &Json) {
        let tools = page.get("tools").and_then(Json::as_array).unwrap_or_default();
        let mut inside = self.inside.write().unwrap_or_else(PoisonError::into_inner);
        for (name, definition) in tools.iter().filter_map(Definition::from_listed) {
            inside.shown.insert(name.clone(), definition.digest);
            let known = inside.tools.get(&name).and_then(|tool| tool.definition.as_ref());
            if known.map(|known| known.digest) != Some(definition.digest) {
                inside.shapes.insert(name.clone(), Arc::new(shape(&definition)));
                inside
                    .tools
                    .insert(name.clone(), Arc::new(settings::tool(&self.rules, &name, Some(definition))));
            }
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Inside> {
        self.inside.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shape(definition: &Definition) -> Shape {
    definition.input_schema.as_ref().map_or(Shape::Unknown, Shape::from_json_schema)
}

/// The tools on one page of a `tools/list` result, and the cursor of the next page.
pub fn page(result: &Json) -> Option<Page> {
    let tools = result.get("tools")?.as_array()?.iter().filter_map(Definition::from_listed).collect();
    Some(Page { tools, next: result.get("nextCursor").and_then(Json::as_str).map(str::to_owned) })
}

/// One page of a `tools/list` result.
#[derive(Debug)]
pub struct Page {
    /// The tools by name.
    pub tools: Vec<(String, Definition)>,
    /// The cursor of the next page.
    pub next: Option<String>,
}
