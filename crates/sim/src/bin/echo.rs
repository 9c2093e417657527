//! A trivial, fast MCP server on standard input and output: the far end of every bench.
//!
//! Blocking reads, no tree: what is measured against it is the thing in between. Every answer is a write of its own, as real servers
//! do it. It speaks 2025-11-25, has a read (`look`) and an effect (`act`), and answers both with the text of their arguments.

use std::borrow::Cow;
use std::io::{self, BufRead as _, BufReader, Write as _};

use serde::Deserialize;
use serde_json::value::RawValue;

const INITIALIZE: &str = concat!(
    r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"#,
    r#""serverInfo":{"name":"echo","version":"0"}}"#
);

const TOOLS: &str = concat!(
    r#"{"tools":[{"name":"look","description":"Reads.","annotations":{"readOnlyHint":true},"#,
    r#""inputSchema":{"type":"object","properties":{"id":{"type":"string"},"text":{"type":"string"}}}},"#,
    r#"{"name":"act","description":"Acts.","annotations":{"readOnlyHint":false,"destructiveHint":false},"#,
    r#""inputSchema":{"type":"object","properties":{"id":{"type":"string"},"text":{"type":"string"}}}}]}"#
);

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

fn main() -> io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 16, io::stdin().lock());
    let mut output = io::stdout().lock();
    let (mut line, mut answers) = (Vec::new(), Vec::new());
    while input.read_until(b'\n', &mut line)? > 0 {
        answer(&line, &mut answers)?;
        output.write_all(&answers)?;
        output.flush()?;
        line.clear();
        answers.clear();
    }
    Ok(())
}

/// Appends the answer to one line; nothing for a notification, an answer or something that is not JSON.
fn answer(line: &[u8], answers: &mut Vec<u8>) -> io::Result<()> {
    let Ok(Frame { id: Some(id), method: Some(method), params }) = serde_json::from_slice(line) else {
        return Ok(());
    };
    write!(answers, r#"{{"jsonrpc":"2.0","id":{id},"#)?;
    match (method.as_ref(), params) {
        ("initialize", _) => write!(answers, r#""result":{INITIALIZE}}}"#)?,
        ("ping", _) => write!(answers, r#""result":{{}}}}"#)?,
        ("tools/list", _) => write!(answers, r#""result":{TOOLS}}}"#)?,
        ("tools/call", Some(params)) => call(params, answers)?,
        _ => write!(answers, r#""error":{{"code":-32601,"message":"no such method"}}}}"#)?,
    }
    answers.push(b'\n');
    Ok(())
}

fn call(params: &RawValue, answers: &mut Vec<u8>) -> io::Result<()> {
    match serde_json::from_str(params.get()) {
        Ok(Call { name, arguments }) if matches!(name.as_ref(), "look" | "act") => {
            answers.write_all(br#""result":{"content":[{"type":"text","text":"#)?;
            serde_json::to_writer(&mut *answers, arguments.map_or("", RawValue::get))?;
            answers.write_all(br#"}],"isError":false}}"#)
        }
        _ => answers.write_all(br#""error":{"code":-32602,"message":"no such tool"}}"#),
    }
}

#[cfg(test)]
mod tests {
    fn check(question: &str, expected: &str) {
        let mut answers = Vec::new();
        super::answer(question.as_bytes(), &mut answers).unwrap();
        assert_eq!(String::from_utf8(answers).unwrap().trim_end(), expected);
    }

    #[test]
    fn a_call_is_answered_with_the_text_of_its_arguments() {
        check(
            r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"act","arguments":{"id": 1}}}"#,
            r#"{"jsonrpc":"2.0","id":"a","result":{"content":[{"type":"text","text":"{\"id\": 1}"}],"isError":false}}"#,
        );
    }

    #[test]
    fn an_unknown_tool_or_method_is_an_error() {
        check(
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"no"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no such tool"}}"#,
        );
        check(
            r#"{"jsonrpc":"2.0","id":1,"method":"server/discover"}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}"#,
        );
    }

    #[test]
    fn what_asks_nothing_gets_no_answer() {
        check(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, "");
        check("not JSON", "");
    }
}
