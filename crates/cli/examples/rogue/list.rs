//! What it lists, and how.

use std::io;

use serde_json::{Value, json};

use crate::{Rogue, line_of};

impl Rogue {
    pub(crate) fn list(&mut self, id: &Value, params: &Value) -> io::Result<()> {
        if self.has("mute-list") {
            return Ok(());
        }
        if self.has("late-list") {
            let error =
                json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32603, "message": "no list today"}});
            self.held.push(line_of(&error));
            return Ok(());
        }
        if self.has("list-error") {
            return self.error(id, -32603, "no list today");
        }
        if self.has("list-nonsense") {
            return self.result(id, &json!({"tools": "all of them"}));
        }
        let page: usize =
            params.get("cursor").and_then(Value::as_str).and_then(|page| page.parse().ok()).unwrap_or(0);
        let last = match self.number("pages") {
            Some(pages) => page + 1 >= pages,
            None => !self.has("endless"),
        };
        let mut result = json!({"tools": if last { self.tools() } else { vec![filler(page)] }});
        if !last && let Some(result) = result.as_object_mut() {
            result.insert("nextCursor".to_owned(), (page + 1).to_string().into());
        }
        self.result(id, &result)?;
        if self.has("always-changing") {
            self.version += 1;
            self.notify("notifications/tools/list_changed", &json!({}))?;
        }
        Ok(())
    }

    fn tools(&self) -> Vec<Value> {
        let schema = |value: bool| {
            let mut properties = json!({"key": {"type": "string"}, "mode": {"type": "string"}});
            if let Some(properties) = properties.as_object_mut().filter(|_| value) {
                properties.insert("value".to_owned(), json!({}));
            }
            json!({"type": "object", "properties": properties, "required": ["key"]})
        };
        let set = format!("Sets a value (version {}).", self.version);
        vec![
            json!({"name": "get", "description": "Gets a value.", "inputSchema": schema(false),
                "annotations": {"readOnlyHint": true}}),
            json!({"name": "set", "description": set, "inputSchema": schema(true)}),
        ]
    }
}

fn filler(page: usize) -> Value {
    json!({"name": format!("filler-{page}"), "inputSchema": {"type": "object"}})
}
