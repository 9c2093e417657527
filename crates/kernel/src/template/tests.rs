use lastlook_canon::{Limits, lexical, parse};
use proptest::prelude::*;

use super::*;

const ARGS: &str = r#"{
    "id": "A-7", "n": 42, "neg": -5, "half": 1.5, "one": 1.0, "exp": 1e2, "minus_zero": -0, "big": 9007199254740993,
    "yes": true, "none": null, "list": [1, 2], "empty": "", "o": {"name": "x", "deep": {"er": 3}},
    "option": "--force", "up": "..", "dot": ".", "slash": "a/b", "back": "a\\b", "nul": "a\u0000b", "line": "a\nb",
    "bidi": "a\u202eb", "wide": "a\u200bb", "soft": "a\u00adb", "tag": "a\udb40\udc41b", "hidden_up": "a..b",
    "space": "a b", "query": "a&b=c#d?e%f+g", "greek": "λ", "emoji": "👍🏽", "accent": "é", "dotted": "a.b", "encoded_up": "%2e%2e"
}"#;

fn args() -> Json {
    parse(ARGS.as_bytes(), &Limits::default()).unwrap()
}

fn json(text: &str) -> Json {
    parse(text.as_bytes(), &Limits::default()).unwrap()
}

fn text(template: &str, place: Place) -> Result<String, String> {
    let args = args();
    let scope = Scope { args: &args, principal: r#"User::"ada""# };
    let filled = Template::parse(template).unwrap().text(&scope, place);
    filled.map_err(|error| error.to_string())
}

fn check(template: &str, place: Place, expect: Result<&str, &str>) {
    let expect = expect.map(str::to_owned).map_err(str::to_owned);
    assert_eq!(text(template, place), expect, "`{template}` in {place:?}");
}

fn check_value(template: &str, expect: Result<&str, &str>) {
    let args = args();
    let scope = Scope { args: &args, principal: r#"User::"ada""# };
    let filled = Template::from_json(json(template)).unwrap().fill(&scope, Place::Value);
    let shown =
        filled.map(|json| String::from_utf8(lexical(&json)).unwrap()).map_err(|error| error.to_string());
    assert_eq!(shown, expect.map(str::to_owned).map_err(str::to_owned), "`{template}`");
}

fn check_error(result: Result<Template, TemplateError>, at: usize, part: &str) {
    let error = result.unwrap_err();
    assert!(error.message.contains(part), "{error}");
    assert_eq!(error.at, at, "{error}");
}

#[test]
fn text_around_holes_stays_and_holes_become_text() {
    check("refund:${args.id}", Place::Value, Ok("refund:A-7"));
    check("${args.id}/${args.n}/${args.neg}/${args.yes}", Place::Value, Ok("A-7/42/-5/true"));
    check("${principal} ${args.o.deep.er}", Place::Value, Ok(r#"User::"ada" 3"#));
    check("${args.id}", Place::Value, Ok("A-7"));
    check("${args.empty}", Place::Value, Ok(""));
    check("none", Place::Value, Ok("none"));
    check("", Place::Value, Ok(""));
}

#[test]
fn dollars_and_braces_of_ones_own() {
    check("$${args.id}", Place::Value, Ok("${args.id}"));
    check("$$${x} $ $$ } { {}", Place::Value, Ok("$${x} $ $$ } { {}"));
    check("a$${b}${args.n}$${c}", Place::Value, Ok("a${b}42${c}"));
    check("$5 ${args.n}$", Place::Value, Ok("$5 42$"));
}

#[test]
fn a_string_that_is_one_hole_keeps_the_type() {
    check_value(r#""${args.n}""#, Ok("42"));
    check_value(r#""${args.one}""#, Ok("1.0"));
    check_value(r#""${args.list}""#, Ok("[1,2]"));
    check_value(r#""${args.o}""#, Ok(r#"{"deep":{"er":3},"name":"x"}"#));
    check_value(r#""${args.empty}""#, Ok(r#""""#));
    check_value(r#""${principal}""#, Ok(r#""User::\"ada\"""#));
    check_value(r#""n${args.n}""#, Ok(r#""n42""#));
    check_value(
        r#"{"id": "${args.id}", "in": [1, null, true, 0.50, {"n": "${args.n}"}], "$${k}": "k"}"#,
        Ok(r#"{"${k}":"k","id":"A-7","in":[1,null,true,0.50,{"n":42}]}"#),
    );
}

#[test]
fn what_is_missing_or_null_is_never_an_empty_string() {
    for hole in
        ["args.nothing", "args.none", "args.none.x", "args.id.x", "args.list.0", "args.o.deep.nothing"]
    {
        let missing = format!("`{hole}` is missing");
        check(&format!("${{{hole}}}"), Place::Value, Err(&missing));
        check(&format!("x${{{hole}}}"), Place::Value, Err(&missing));
        check_value(&format!("[\"${{{hole}}}\"]"), Err(&missing));
    }
}

#[test]
fn what_has_no_one_spelling_cannot_stand_in_text() {
    for hole in ["half", "one", "exp", "minus_zero", "big", "list", "o"] {
        let mistyped = format!("`args.{hole}` is not text, an integer or true or false");
        check(&format!("x${{args.{hole}}}"), Place::Value, Err(&mistyped));
        check(&format!("${{args.{hole}}}"), Place::Value, Err(&mistyped));
    }
    check("${args}", Place::Value, Err("`args` is not text, an integer or true or false"));
}

#[test]
fn a_word_is_no_option_and_shows_all_it_holds() {
    check("${args.id}", Place::Word, Ok("A-7"));
    check("--id=${args.id}", Place::Word, Ok("--id=A-7"));
    check("${args.slash}", Place::Word, Ok("a/b"));
    check("${args.up}", Place::Word, Ok(".."));
    check("${args.emoji}", Place::Word, Ok("👍🏽"));
    check("${args.option}", Place::Word, Err("`args.option` may not stand here: it begins with `-`"));
    check("x${args.neg}", Place::Word, Err("`args.neg` may not stand here: it begins with `-`"));
    for hole in ["nul", "line"] {
        check(
            &format!("x${{args.{hole}}}"),
            Place::Word,
            Err(&format!("`args.{hole}` may not stand here: it holds a control character")),
        );
    }
    for hole in ["bidi", "wide", "soft", "tag"] {
        check(
            &format!("x${{args.{hole}}}"),
            Place::Word,
            Err(&format!("`args.{hole}` may not stand here: it holds an invisible character")),
        );
    }
}

#[test]
fn a_path_is_absolute_and_a_hole_stays_in_its_segment() {
    check("/srv/notes/${args.id}", Place::Path, Ok("/srv/notes/A-7"));
    check("/srv/${args.id}-${args.n}.md", Place::Path, Ok("/srv/A-7-42.md"));
    check("/srv/./x/${args.dotted}", Place::Path, Ok("/srv/./x/a.b"));
    check("/srv/${args.space}", Place::Path, Ok("/srv/a b"));
    check("/srv/${args.back}", Place::Path, Ok("/srv/a\\b"));
    check("/srv/${args.neg}", Place::Path, Ok("/srv/-5"));
    for (hole, why) in [
        ("slash", "it holds `/`"),
        ("up", "it holds `..`"),
        ("hidden_up", "it holds `..`"),
        ("empty", "it is empty"),
        ("nul", "it holds a control character"),
        ("bidi", "it holds an invisible character"),
        ("dot", "the path holds `.`"),
    ] {
        check(
            &format!("/srv/${{args.{hole}}}"),
            Place::Path,
            Err(&format!("`args.{hole}` may not stand here: {why}")),
        );
    }
}

#[test]
fn the_whole_path_is_judged_too() {
    let why = |name: &str, why: &str| format!("`{name}` may not stand here: {why}");
    check("/a/.${args.dot}/b", Place::Path, Err(&why("args.dot", "the path holds `..`")));
    check("/a/${args.dot}${args.dot}", Place::Path, Err(&why("args.dot", "the path holds `..`")));
    check("/a/.${args.dot}.", Place::Path, Ok("/a/..."));
    check("/a/../${args.id}", Place::Path, Err(&why("/a/../${args.id}", "the path holds `..`")));
    check("/a/..", Place::Path, Err(&why("/a/..", "the path holds `..`")));
    check("${args.id}", Place::Path, Err(&why("args.id", "the path is not absolute")));
    for relative in ["a/${args.id}", "./x", "", "${args.id}/x"] {
        check(relative, Place::Path, Err(&why(relative, "the path is not absolute")));
    }
    check("/", Place::Path, Ok("/"));
}

#[test]
fn holes_of_a_url_are_percent_encoded() {
    check("http://h/r/${args.id}", Place::Url, Ok("http://h/r/A-7"));
    check("https://h:8443/r/${args.space}", Place::Url, Ok("https://h:8443/r/a%20b"));
    check("http://h/${args.greek}${args.accent}", Place::Url, Ok("http://h/%CE%BB%C3%A9"));
    check("http://h/x${args.encoded_up}", Place::Url, Ok("http://h/x%252e%252e"));
    check(
        "http://h/${args.query}?q=${args.query}",
        Place::Url,
        Ok("http://h/a%26b%3Dc%23d%3Fe%25f%2Bg?q=a%26b%3Dc%23d%3Fe%25f%2Bg"),
    );
    check("http://h?q=${args.id}&${args.n}", Place::Url, Ok("http://h?q=A-7&42"));
    check(
        "http://h/?q=${args.slash}&r=${args.up}&s=/${args.dot}",
        Place::Url,
        Ok("http://h/?q=a%2Fb&r=..&s=/."),
    );
    check("http://h/${args.dotted}/~_-", Place::Url, Ok("http://h/a.b/~_-"));
    check("http://u@h/a/../b/${args.n}", Place::Url, Ok("http://u@h/a/../b/42"));
}

#[test]
fn a_hole_leaves_neither_its_segment_nor_its_query_value() {
    for (url, why) in [
        ("http://h/${args.slash}", "`args.slash` may not stand here: it holds `/`"),
        ("http://h/${args.back}", "`args.back` may not stand here: it holds `\\`"),
        ("http://h/${args.up}", "`args.up` may not stand here: it holds `..`"),
        ("http://h/${args.empty}", "`args.empty` may not stand here: it is empty"),
        ("http://h/?q=${args.empty}", "`args.empty` may not stand here: it is empty"),
        ("http://h/?q=${args.nul}", "`args.nul` may not stand here: it holds a control character"),
        ("http://h/?q=${args.wide}", "`args.wide` may not stand here: it holds an invisible character"),
        ("http://h/${args.bidi}", "`args.bidi` may not stand here: it holds an invisible character"),
        ("http://h/${args.dot}", "`args.dot` may not stand here: the path holds `.` or `..`"),
        // A server that decodes twice would go up.
        ("http://h/${args.encoded_up}", "`args.encoded_up` may not stand here: the path holds `.` or `..`"),
        ("http://h/.${args.dot}/x", "`args.dot` may not stand here: the path holds `.` or `..`"),
        ("http://h/%2E${args.dot}", "`args.dot` may not stand here: the path holds `.` or `..`"),
        ("http://h/a\\${args.dot}?x", "`args.dot` may not stand here: the path holds `.` or `..`"),
        ("http://h/${args.dot}?x=y", "`args.dot` may not stand here: the path holds `.` or `..`"),
    ] {
        check(url, Place::Url, Err(why));
    }
}

#[test]
fn whom_to_ask_is_never_the_agents_to_say() {
    for (url, at) in [
        ("${args.id}", 0),
        ("${args.id}://h/", 0),
        ("http://${args.id}/", 7),
        ("http://${args.id}@h/", 7),
        ("http://h:${args.n}/", 9),
        ("http://h${args.id}", 8),
        ("http://h${args.id}/x", 8),
        ("http://h.${args.id}.org?q", 9),
        ("http://h/x#${args.id}", 11),
        ("http://h?a#b?${args.id}", 13),
    ] {
        check_error(Template::parse_url(url), at, "");
        assert!(text(url, Place::Url).is_err(), "{url}");
    }
}

#[test]
fn what_is_no_url_of_a_web_server_is_refused_when_read() {
    for url in [
        "",
        "h/x",
        "/x",
        "http:/h/x",
        "http:h",
        "http:///h/x",
        "http://",
        "http://?q",
        "http://:80/",
        "http://u@/x",
        "ftp://h/x",
        "file:///etc/passwd",
        "http://a\\@h/x",
        "http://h/a b",
        "http://h\t/x",
        "http://h/\n",
        " http://h/",
        "javascript://h/x",
    ] {
        assert!(Template::parse_url(url).is_err(), "{url}");
        assert!(text(url, Place::Url).is_err(), "{url}");
    }
    for url in ["http://h", "HTTPS://H:1/x?y#z", "http://[::1]:8080/${args.x}", "http://h?${args.x}"] {
        assert!(Template::parse_url(url).is_ok(), "{url}");
    }
}

#[test]
fn paths_are_checked_when_read() {
    assert!(Template::parse_path("/srv/${args.id}").is_ok());
    check_error(Template::parse_path("srv/${args.id}"), 0, "begin it with `/`");
    check_error(Template::parse_path("${args.path}"), 0, "begin it with `/`");
    check_error(Template::parse_path("/srv/../x"), 5, "holds `..`");
}

#[test]
fn holes_that_name_nothing_are_refused_when_read() {
    for (template, at, part) in [
        ("a ${args.x", 2, "not closed"),
        ("${", 0, "not closed"),
        ("${}", 0, "names nothing"),
        ("${ args.x }", 0, "names nothing"),
        ("${env.HOME}", 0, "names nothing"),
        ("${now.order}", 0, "not known yet"),
        ("${was.order}", 0, "not known yet"),
        ("${principal.id}", 0, "it has none"),
        ("${args.}", 0, "not a name"),
        ("${args..x}", 0, "not a name"),
        ("${args.a b}", 0, "not a name"),
        ("${args.é}", 0, "not a name"),
        ("é ${args.x} ${args.${args.y}}", 13, "not a name"),
        ("$${ ${args[0]}", 4, "names nothing"),
    ] {
        check_error(Template::parse(template), at, part);
    }
}

#[test]
fn a_mistake_in_a_tree_says_where_it_is() {
    check_error(
        Template::from_json(json(r#"{"a": [1, {"b/c": "x${y}"}]}"#)),
        1,
        "at `/a/1/b~1c`: `${y}` names nothing",
    );
    check_error(Template::from_json(json(r#"{"a": {"k${args.x}": 1}}"#)), 1, "at `/a`: the member name");
    check_error(Template::from_json(json(r#"{"${args.x}": 1}"#)), 0, "only values are filled");
}

#[test]
fn a_template_that_is_no_text_has_none() {
    let args = args();
    let scope = Scope { args: &args, principal: "" };
    let text =
        |json_text: &str| Template::from_json(json(json_text)).unwrap().text(&scope, Place::Value).ok();
    assert_eq!(text("12"), Some("12".to_owned()));
    assert_eq!(text("true"), Some("true".to_owned()));
    for none in ["1.5", "null", "[]", "{}"] {
        assert_eq!(text(none), None, "{none}");
    }
}

#[test]
fn holes_are_listed_once_in_order() {
    let template = Template::from_json(json(
        r#"{"z": "${args.b} ${args.a} ${args.b}", "a": ["${principal}", "$${args.no}"], "n": "${args}"}"#,
    ))
    .unwrap();
    assert_eq!(template.holes().collect::<Vec<_>>(), ["args.b", "args.a", "principal", "args"]);
    assert!(!template.is_literal());
    assert!(Template::parse("$${args.no}").unwrap().is_literal());
    assert_eq!(Template::parse("x ${args.a}").unwrap().source(), &Json::from("x ${args.a}"));
}

/// What a reader of URLs makes of one: dot segments are taken out (RFC 3986 §5.2.4), then the rest is decoded.
fn segments_of(url: &str) -> Vec<String> {
    let path = url.strip_prefix("http://h/").unwrap().split(['?', '#']).next().unwrap();
    path.split('/').map(decode).collect()
}

fn decode(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, tail @ ..] = rest {
        if let (b'%', [high, low, tail @ ..]) = (first, tail) {
            let digits = [*high, *low];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            rest = tail;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #[test]
    fn whatever_fills_a_url_or_a_path_stays_where_it_was_put(value in "[./\\\\%?#&=:@ a-c\u{202e}\u{0}é-]{0,8}|\\PC{0,6}") {
        let args = Json::object([("x", Json::from(value.as_str()))]);
        let scope = Scope { args: &args, principal: "" };
        let url = Template::parse_url("http://h/a/.${args.x}/b?q=${args.x}").unwrap();
        if let Ok(filled) = url.text(&scope, Place::Url) {
            let expect = ["a".to_owned(), format!(".{value}"), "b".to_owned()];
            prop_assert_eq!(segments_of(&filled), expect);
            let query = filled.split_once('?').unwrap().1;
            prop_assert_eq!(decode(query), format!("q={value}"));
            prop_assert!(filled.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(!value.contains("..") && value != ".");
        }
        let path = Template::parse_path("/a/${args.x}/b").unwrap();
        if let Ok(filled) = path.text(&scope, Place::Path) {
            let segments: Vec<&str> = filled.split('/').collect();
            prop_assert_eq!(segments, ["", "a", value.as_str(), "b"]);
            prop_assert!(!matches!(value.as_str(), "" | "." | ".."));
        }
    }

    #[test]
    fn no_text_makes_reading_panic(text in "[$\\{}a-z. é]{0,16}|\\PC{0,12}") {
        let _ = Template::parse(&text);
        let _ = Template::parse_url(&text);
        let _ = Template::parse_path(&text);
    }

    #[test]
    fn errors_never_hold_values(value in "[A-Z]{12}[/\u{202e}\u{0}.]{1,2}") {
        let args = Json::object([("x", Json::from(value.as_str())), ("y", Json::Array(vec![Json::from(value.as_str())]))]);
        let scope = Scope { args: &args, principal: "" };
        for template in ["/a/${args.x}/${args.y}", "http://h/${args.x}", "${args.y}z", "/.${args.x}"] {
            for place in [Place::Word, Place::Path, Place::Url] {
                if let Err(error) = Template::parse(template).unwrap().text(&scope, place) {
                    let shown = format!("{error:?} {error}");
                    prop_assert!(!shown.contains(value.get(..12).unwrap()), "{}", shown);
                }
            }
        }
    }
}
