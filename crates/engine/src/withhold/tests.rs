use super::*;

const CONFIG: &str = r#"
[upstream.shop]
command = ["/bin/true"]
[fact.order]
mcp = { tool = "shop.get_order", args = { id = "${args.id}" } }
[tool."shop.get_order"]
class = "read"
redact = ["/answer/customer/email"]
[tool."shop.pay"]
redact = ["/args/password", "/args/cards/*/number", "/now/order/note"]
digest_only = ["/args/email", "/args/address"]
"#;

fn withhold(arguments: &str) -> Withhold {
    let config = Config::parse(CONFIG, "lastlook.toml").unwrap();
    let mut withhold = Withhold::new(&Arc::new(Rules::new(&config)), "shop", "pay").unwrap();
    withhold.learn(What::Arguments("pay"), arguments.as_bytes());
    withhold
}

fn text(left: &Left) -> &str {
    std::str::from_utf8(&left.bytes).unwrap()
}

fn seal(pointer: &str, value: &[u8]) -> Json {
    format!("sealed {pointer} {}", String::from_utf8_lossy(value).len()).into()
}

const ARGUMENTS: &str = r#"{"address":{"city":"Oslo"},"cards":[{"number":"4111 1111"},{"name":"x","number":42}],"email":"ada@example.org","id":1.0,"password":"hunter2"}"#;

#[test]
fn members_are_taken_out_where_the_rules_say_and_nowhere_else() {
    let withhold = withhold(ARGUMENTS);
    let left = withhold.left(What::Arguments("pay"), ARGUMENTS.as_bytes(), Some(&seal), false);
    assert_eq!(
        text(&left),
        r#"{"address":"sealed /address 15","cards":[{"number":{"lastlook":"redacted"}},{"name":"x","number":{"lastlook":"redacted"}}],"email":"sealed /email 17","id":1.0,"password":{"lastlook":"redacted"}}"#
    );
    assert_eq!(left.redacted, ["/password", "/cards/0/number", "/cards/1/number"]);
    assert_eq!(left.sealed, ["/email", "/address"]);
    let other = withhold.left(What::Arguments("get_order"), br#"{"password" : "other"}"#, Some(&seal), false);
    assert_eq!(text(&other), r#"{"password" : "other"}"#, "another tool's, byte for byte");
    let whole =
        withhold.left(What::Params("pay"), br#"{"arguments":{"password":1},"name":"pay"}"#, None, false);
    assert_eq!(text(&whole), r#"{"arguments":{"password":{"lastlook":"redacted"}},"name":"pay"}"#);
}

#[test]
fn people_are_shown_what_is_only_digested_and_nothing_that_is_redacted() {
    let left = withhold(ARGUMENTS).left(What::Arguments("pay"), ARGUMENTS.as_bytes(), None, true);
    assert!(text(&left).contains("ada@example.org") && text(&left).contains("Oslo"), "{}", text(&left));
    assert!(!text(&left).contains("hunter2") && !text(&left).contains("4111"), "{}", text(&left));
}

#[test]
fn what_was_taken_out_is_not_left_elsewhere() {
    let withhold = withhold(ARGUMENTS);
    let frame = br#"{"id":1,"result":{"content":[{"type":"text","text":"hello ada@example.org"}],"structuredContent":{"ok":"hunter2!","n":5}}}"#;
    let left = withhold.left(What::Frame("pay"), frame, Some(&seal), false);
    assert!(!text(&left).contains("ada@") && !text(&left).contains("hunter2"), "{}", text(&left));
    assert!(text(&left).contains("\"n\":5"), "{}", text(&left));
    assert_eq!(left.redacted, ["/result/content/0/text", "/result/structuredContent/ok"]);
    assert_eq!(withhold.text("order of ada@example.org"), "[redacted]");
    let key = withhold.left(What::Text, br#"{"hunter2":1}"#, None, false);
    assert!(!text(&key).contains("hunter2"), "{}", text(&key));
    assert!(withhold.is_blunt(), "42 is too short to be looked for");
}

#[test]
fn an_answer_and_a_fact_read_by_it_leave_the_same_out_in_all_their_copies() {
    let withhold = withhold("{}");
    let answer = br#"{"content":[{"text":"{\"customer\":{\"email\":\"x@y.z\",\"id\":7}}","type":"text"},{"data":"aGk=","type":"image"},{"text":"x@y.z","type":"text"}],"structuredContent":{"customer":{"email":"x@y.z","id":7}}}"#;
    let left = withhold.left(What::Reading("get_order"), answer, Some(&seal), false);
    assert_eq!(
        text(&left),
        r#"{"content":[{"text":"{\"customer\":{\"email\":{\"lastlook\":\"redacted\"},\"id\":7}}","type":"text"},{"lastlook":"redacted"},{"text":"[redacted]","type":"text"}],"structuredContent":{"customer":{"email":{"lastlook":"redacted"},"id":7}}}"#
    );
    let config = Config::parse(CONFIG, "lastlook.toml").unwrap();
    let order = config.facts.get("order").unwrap();
    let value = br#"{"customer":{"email":"x@y.z"},"note":"n","paid":true}"#;
    let fact = withhold.left(What::Fact(order), value, None, false);
    assert_eq!(
        text(&fact),
        r#"{"customer":{"email":{"lastlook":"redacted"}},"note":{"lastlook":"redacted"},"paid":true}"#
    );
}

#[test]
fn what_cannot_be_read_leaves_nothing_where_something_might_be_in_it() {
    let withhold = withhold(ARGUMENTS);
    let twice = br#"{"password":"a","password":"b"}"#;
    assert_eq!(
        text(&withhold.left(What::Arguments("pay"), twice, None, false)),
        r#"{"lastlook":"redacted"}"#
    );
    assert_eq!(text(&withhold.left(What::Arguments("get_order"), twice, None, false)).as_bytes(), twice);
    let many = format!(r#"{{"cards":[{}]}}"#, vec![r#"{"number":"12345"}"#; 500].join(","));
    let left = withhold.left(What::Arguments("pay"), many.as_bytes(), None, false);
    assert_eq!(
        (text(&left), left.redacted.as_slice()),
        (r#"{"lastlook":"redacted"}"#, [String::new()].as_slice())
    );
}
