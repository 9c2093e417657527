use super::*;
use lastlook_canon::lexical;

fn reduced(result: &str) -> String {
    let result = parse(result.as_bytes(), &Limits::default()).unwrap();
    match reduce(&result) {
        Ok(value) => String::from_utf8(lexical(&value)).unwrap(),
        Err(SourceError::NotPlain(why)) => why,
        Err(other) => panic!("{other:?}"),
    }
}

fn check(result: &str, expect: &str) {
    assert_eq!(reduced(result), expect, "{result}");
}

#[test]
fn structured_content_comes_first() {
    check(r#"{"structuredContent":{"a":1.50},"content":[{"type":"text","text":"other"}]}"#, r#"{"a":1.50}"#);
    check(r#"{"structuredContent":null,"content":[{"type":"text","text":"{\"a\":1}"}]}"#, r#"{"a":1}"#);
    check(r#"{"structuredContent":[1]}"#, "the answer's `structuredContent` is no object");
}

#[test]
fn the_only_text_is_json_when_it_parses_strictly() {
    check(r#"{"content":[{"type":"text","text":"[1e400, {\"a\":2}]"}]}"#, r#"[1e400,{"a":2}]"#);
    check(
        r#"{"isError":false,"content":[{"type":"text","text":"{\"a\":1,\"a\":2}"}]}"#,
        r#"{"text":"{\"a\":1,\"a\":2}"}"#,
    );
    check(r#"{"content":[{"type":"text","text":"hello"}]}"#, r#"{"text":"hello"}"#);
    check(r#"{"content":[{"type":"text","text":""}]}"#, r#"{"text":""}"#);
}

#[test]
fn what_is_no_single_text_is_no_fact() {
    check(r#"{"content":[]}"#, "the answer has 0 contents; a fact has one");
    check("{}", "the answer has 0 contents; a fact has one");
    let two = r#"{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#;
    check(two, "the answer has 2 contents; a fact has one");
    check(r#"{"content":[{"type":"image","data":"","text":"x"}]}"#, "the answer's content is no text");
}

#[test]
fn an_error_or_an_unfinished_answer_is_no_fact() {
    let error =
        r#"{"isError":true,"structuredContent":{"a":1},"content":[{"type":"text","text":"no\nsuch"}]}"#;
    check(error, "the tool answered with an error: no such");
    check(r#"{"isError":true}"#, "the tool answered with an error");
    check(r#"{"isError":"yes"}"#, "the answer's `isError` is neither true nor false");
    let asks = r#"{"resultType":"input_required","content":[{"type":"text","text":"a"}]}"#;
    check(asks, "the answer is not complete: the server asks for something first");
    check(r#"{"resultType":"complete","content":[{"type":"text","text":"1"}]}"#, "1");
}
