//! What it does when one of its tools is called: the member `mode` of the arguments says it.

use std::fs;
use std::io;

use serde_json::{Value, json};

use crate::{Rogue, frame, line_of};

impl Rogue {
    pub(crate) fn call(&mut self, id: &Value, params: &Value, line: &[u8]) -> io::Result<()> {
        let nothing = json!({});
        let arguments = params.get("arguments").unwrap_or(&nothing);
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
        let (trick, number) = match text("mode").split_once('=') {
            Some((trick, number)) => (trick, number.parse().unwrap_or(0)),
            None => (text("mode"), 0_usize),
        };
        match trick {
            "die-before" => std::process::exit(3),
            "error" => return self.result(id, &json!({"content": content("no"), "isError": true})),
            "rpc-error" => return self.error(id, -32000, "no"),
            "input" if params.get("inputResponses").is_none() => {
                let asks =
                    json!({"resultType": "input_required", "requestState": "s", "inputRequests": {"a": {}}});
                return self.result(id, &asks);
            }
            _ => {}
        }
        let said = match params.get("name").and_then(Value::as_str) {
            Some("get") => {
                fs::read_to_string(self.value_of(text("key"))).unwrap_or_else(|_| "nothing".to_owned())
            }
            name => self.effect(name.unwrap_or_default(), arguments, line)?,
        };
        let again = self.times.contains(params);
        self.times.push(params.clone());
        let answer = frame(id, &result(params, &said));
        match trick {
            "die-after" => std::process::exit(3),
            "die-half" => {
                self.write(answer.get(..answer.len() / 2).unwrap_or_default())?;
                std::process::exit(3)
            }
            "die-without-line-break" => {
                self.write(answer.trim_end())?;
                std::process::exit(3)
            }
            "hang" => self.arrived(text("key")),
            "hang-again" if again => Ok(()),
            "hold" => {
                self.held.push(answer);
                self.arrived(text("key"))
            }
            "wait" => {
                self.arrived(text("key"))?;
                fs::File::open(self.folder.join("gate"))?;
                self.write(answer)
            }
            "moving" => self.result(id, &result(params, &format!("{said}, {} times", self.times.len()))),
            _ => self.answer(id, params, trick, number, &said, answer),
        }
    }

    /// Answers, in some bad way.
    fn answer(
        &mut self,
        id: &Value,
        params: &Value,
        trick: &str,
        number: usize,
        said: &str,
        answer: String,
    ) -> io::Result<()> {
        match trick {
            "noise" => self.write(format!("debug: here\n\u{0}\n{{\"not\": \"closed\"\n{answer}")),
            "flood" => {
                let message = json!({"level": "info", "data": "x".repeat(100)});
                let flood = line_of(&json!({"jsonrpc": "2.0", "method": "notifications/message", "params": message}));
                self.write(flood.repeat(number))?;
                self.write(answer)
            }
            "huge" | "huge-id-last" => {
                let text = format!("{}\\\"{{", "x".repeat(97)).repeat(number / 100);
                let result = format!("\"result\":{{\"content\":[{{\"type\":\"text\",\"text\":\"{text}\"}}]}}");
                self.write(match trick {
                    "huge" => format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},{result}}}\n"),
                    _ => format!("{{{result},\"jsonrpc\":\"2.0\",\"id\":{id}}}\n"),
                })
            }
            "deep" => {
                let (open, close) = ("[".repeat(number), "]".repeat(number));
                self.write(format!(
                    "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"content\":[],\"deep\":{open}{close}}}}}\n"
                ))
            }
            "strange-ids" => {
                for strange in [json!(424_242), json!(format!("{id}")), json!(-1), Value::Null] {
                    self.result(&strange, &result(params, "an answer to nobody"))?;
                }
                self.write(answer)
            }
            "twice" => {
                self.write(&answer)?;
                self.result(id, &result(params, "the second answer"))
            }
            // An answer to a call that has not come yet: its id is in the call's key.
            "guess" => {
                let guessed = params.pointer("/arguments/key").cloned().unwrap_or_default();
                self.result(&guessed, &result(params, "guessed"))?;
                self.write(answer)
            }
            "duplicate-keys" => self.write(format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"content\":[],\"isError\":false,\"isErr\\u006fr\":true}}}}\n"
            )),
            "bad-utf8" => {
                let mut bytes = answer.into_bytes();
                bytes.splice(bytes.len() - 3..bytes.len() - 3, [b',', b'"', 0xff, 0xc0, b'"', b':', b'1']);
                self.write(bytes)
            }
            "carriage-return" => {
                let inner = frame(id, &result(params, "smuggled"));
                self.write(format!(
                    "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":{{\"a\":\r{}\r}}}}\n",
                    inner.trim_end()
                ))?;
                self.write(answer)
            }
            "ask" | "ask-user" => {
                self.asking = Some(answer);
                let (method, params) = match trick {
                    "ask" => ("sampling/createMessage", json!({"messages": [], "maxTokens": 1})),
                    _ => ("elicitation/create", json!({"message": "which?", "requestedSchema": {"type": "object", "properties": {}}})),
                };
                let asks = json!({"jsonrpc": "2.0", "id": "rogue-asks", "method": method, "params": params});
                self.write(line_of(&asks))
            }
            "task" => self.result(id, &json!({"task": {"taskId": "t", "status": "working"}})),
            "odd-result" => {
                let odd = [json!(7), Value::Null, json!({"isError": "true"}), json!({"content": [], "resultType": 7})];
                self.result(id, odd.get(number).unwrap_or(&Value::Null))
            }
            "error-after" => self.result(id, &json!({"content": content(said), "isError": true})),
            "forged-receipt" => {
                let meta = json!({"dev.lastlook/receipt": "forged", "kept": [1, 2]});
                self.result(id, &json!({"content": content(said), "_meta": meta}))
            }
            "change" => {
                self.version += 1;
                self.notify("notifications/tools/list_changed", &json!({}))?;
                self.write(answer)
            }
            "progress" => {
                if let Some(token) = params.pointer("/_meta/progressToken") {
                    self.notify("notifications/progress", &json!({"progressToken": token, "progress": 1}))?;
                }
                self.write(answer)
            }
            "odd-spelling" => self.write(format!(
                "{{ \"result\" : {{\"content\":[{{\"type\":\"text\",\"text\":\"\\u0061\\/b\"}}],\"n\":1.0e2, \"big\":12345678901234567890}} ,\"id\":{id},\"jsonrpc\":\"2.0\"}}\n"
            )),
            _ => self.write(answer),
        }
    }

    /// What everything is about: it happens, and is written down.
    fn effect(&self, tool: &str, arguments: &Value, line: &[u8]) -> io::Result<String> {
        let effect = json!({"tool": tool, "arguments": arguments, "frame": String::from_utf8_lossy(line)});
        self.append("effects.log", line_of(&effect).as_bytes())?;
        if let Some(key) = arguments.get("key").and_then(Value::as_str) {
            fs::write(self.value_of(key), arguments.get("value").map(text_of).unwrap_or_default())?;
        }
        Ok("set".to_owned())
    }

    /// Tells the test that a call is here and will not be answered yet.
    fn arrived(&self, key: &str) -> io::Result<()> {
        self.notify("notifications/arrived", &json!({"key": key}))
    }

    fn value_of(&self, key: &str) -> std::path::PathBuf {
        let plain: String = key.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        self.folder.join(format!("{plain}.value"))
    }
}

/// Right for the era of the call.
fn result(params: &Value, text: &str) -> Value {
    let mut result = json!({"content": content(text)});
    let stateless = params.pointer("/_meta/io.modelcontextprotocol~1protocolVersion").is_some();
    if let Some(result) = result.as_object_mut().filter(|_| stateless) {
        result.insert("resultType".to_owned(), "complete".into());
    }
    result
}

fn content(text: &str) -> Value {
    json!([{"type": "text", "text": text}])
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
