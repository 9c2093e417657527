use crate::{EntityStore, entity_text, entity_type};

#[track_caller]
fn refused(json: &str, message: &str) {
    let problem = EntityStore::parse(json, "entities.json").unwrap_err();
    assert!(problem.message.contains(message), "{problem:?}");
    assert_eq!(problem.file, "entities.json");
}

#[test]
fn entities_that_are_none_are_refused() {
    refused("", "");
    refused("{}", "");
    refused("[1]", "");
    refused(
        r#"[{"uid": {"type": "User", "id": "a"}, "attrs": {"x": 1, "x": 2}, "parents": []}]"#,
        "duplicate key `x`",
    );
    refused(r#"[{"uid": {"type": "User", "id": "a"}, "attrs": {"x": null}, "parents": []}]"#, "null");
    refused(r#"[{"uid": {"type": "Us er", "id": "a"}, "attrs": {}, "parents": []}]"#, "Us er");
    refused(
        r#"[{"uid": {"type": "Action", "id": "a"}, "attrs": {}, "parents": []}]"#,
        "actions are the tools",
    );
    refused(
        r#"[{"uid": {"type": "Role", "id": "a"}, "attrs": {}, "parents": [{"type": "Role", "id": "b"}]},
            {"uid": {"type": "Role", "id": "b"}, "attrs": {}, "parents": [{"type": "Role", "id": "a"}]}]"#,
        "cycle",
    );
}

#[test]
fn a_fault_in_the_json_has_its_place() {
    let json = r#"[{"uid": {"type": "User", "id": "a"}, "attrs": {"x": 1, "x": 2}, "parents": []}]"#;
    let problem = EntityStore::parse(json, "entities.json").unwrap_err();
    assert_eq!(problem.at.and_then(|(start, _)| json.get(start..start + 3)), Some("\"x\""));
}

/// Whatever is in an id, its entity is the one with that id.
#[test]
fn ids_from_callers_cannot_name_another_entity() {
    for id in [
        "42",
        "4\"2",
        "\\u{41}",
        "\\",
        "a\nb",
        "",
        "ü",
        "\u{202e}",
        "\" || true || \"",
        "\0",
        "Role::\"admin\"",
    ] {
        let text = entity_text("Order", id);
        let uid: cedar_policy::EntityUid = text.parse().unwrap();
        assert_eq!(AsRef::<str>::as_ref(uid.id()), id, "{text}");
        assert_eq!(entity_type(&text).as_deref(), Some("Order"));
    }
    assert_eq!(entity_type("Corp::Order::\"1\"").as_deref(), Some("Corp::Order"));
    for none in ["Order", "\"42\"", "Order::42", "", "Order::\"4\"2\""] {
        assert_eq!(entity_type(none), None, "{none}");
    }
}
