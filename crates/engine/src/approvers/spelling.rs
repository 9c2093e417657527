//! The ledger reads entities without Cedar; here both read the same texts.

use lastlook_kernel::{entity_normal, entity_type};
use lastlook_ledger::approval::{Entity, same_principal};
use proptest::prelude::*;

/// What entities are made of, and what they are not.
const PARTS: &[&str] = &[
    "User",
    "Role",
    "_a9",
    "__cedar",
    "true",
    "if",
    "in",
    "is",
    "has",
    "like",
    "then",
    "else",
    "principal",
    "when",
    "::",
    "::",
    "::",
    "::\"",
    "\"",
    "\"ada\"",
    "\"\"",
    ":",
    " ",
    "\n",
    "\r",
    "\t",
    "\u{85}",
    "\u{2028}",
    "\u{1c}",
    "\u{200b}",
    "\u{feff}",
    "// note",
    "//",
    "/",
    "\\",
    "\\n",
    "\\0",
    "\\x61",
    "\\x80",
    "\\x7F",
    "\\u{61}",
    "\\u{6_1}",
    "\\u{_61}",
    "\\u{000061}",
    "\\u{0000061}",
    "\\u{D800}",
    "\\u{110000}",
    "\\u{}",
    "\\*",
    "\\q",
    "\\'",
    "\\\"",
    "ada",
    "\u{e9}",
    "\u{301}",
    "\u{1F44B}",
    "\0",
    "9",
    "*",
    "{",
    "}",
];

fn text() -> impl Strategy<Value = String> {
    let soup = prop::collection::vec(prop::sample::select(PARTS), 0..8).prop_map(|parts| parts.concat());
    // Mostly right, so that both say yes to many.
    let inner = prop::collection::vec(prop::sample::select(PARTS), 0..4).prop_map(|parts| parts.concat());
    let blank = || prop::sample::select(&["", "", "", " ", "\n", "// x\n", "\u{a0}"][..]);
    let framed =
        (prop::sample::select(&["User", "Role", "A::B", "is::A"][..]), blank(), blank(), inner, blank())
            .prop_map(|(kind, a, b, id, c)| format!("{a}{kind}{b}::{c}\"{id}\"{a}"));
    prop_oneof![1 => soup, 2 => framed]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn both_read_the_same_entity(one in text(), other in text()) {
        for text in [&one, &other] {
            let kind = Entity::parse(text).map(|entity| entity.kind.join("::"));
            prop_assert_eq!(kind, entity_type(text), "{:?}", text);
        }
        let same = match (entity_normal(&one), entity_normal(&other)) {
            (None, None) => one == other,
            (one, other) => one == other,
        };
        prop_assert_eq!(same_principal(&one, &other), same, "{:?} {:?}", one, other);
    }

    #[test]
    fn an_id_is_read_as_it_is_escaped(id in any::<String>()) {
        let entity = Entity { kind: vec!["User".to_owned()], id };
        let escaped = lastlook_kernel::entity_text("User", &entity.id);
        prop_assert_eq!(Entity::parse(&escaped), Some(entity.clone()));
        // And in Cedar's own spelling.
        let normal = entity_normal(&escaped);
        prop_assert_eq!(normal.as_deref().and_then(Entity::parse), Some(entity));
    }
}
