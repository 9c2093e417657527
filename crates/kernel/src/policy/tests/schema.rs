use super::{schema, tools};
use crate::policy::ToolTypes;
use crate::{Class, EntityStore, Member, Policies, PolicySchema, SchemaInput, Shape, ToolName};

const ENTITIES: &str = r#"[
    {"uid": {"type": "User", "id": "a"},
     "attrs": {"level": 3, "mixed": 1, "boss": {"__entity": {"type": "User", "id": "b"}}, "seen": {"__extn": {"fn": "ip", "arg": "10.0.0.1"}}},
     "parents": [{"type": "Team", "id": "t"}]},
    {"uid": {"type": "User", "id": "b"}, "attrs": {"level": 4, "mixed": "x", "langs": ["de", "fr"]}, "parents": []},
    {"uid": {"type": "Corp::Site", "id": "s"}, "attrs": {"address": {"town": "Bern", "zip": 3000}, "empty": []}, "parents": []}
]"#;

#[test]
fn the_schema_is_written_for_people() {
    let expected = r#"// What policies may name, and of which type it is.

entity Agent in [Role];
entity Order;
entity Role in [Role];
entity Tool;
entity User in [Role];

// The classes of tools.
action "read";
action "write";
action "destructive";

action "shop.get_order" in ["read"] appliesTo {
  principal: [Agent, User],
  resource: [Tool],
  context: {
    args: {
      id: String,
    },
    now: {},
    steps: Set<String>,
    was: {},
  },
};

// not known, and therefore left out: args.options, was.order.meta, now.order.meta
action "shop.refund" in ["destructive"] appliesTo {
  principal: [Agent, User],
  resource: [Order],
  context: {
    args: {
      amount_cents: Long,
      order_id: String,
      reason?: String,
      tags?: Set<String>,
    },
    now: {
      order?: {
        note?: String,
        rate: decimal,
        status: String,
        total_cents: Long,
      },
    },
    steps: Set<String>,
    was: {
      order?: {
        note?: String,
        rate: decimal,
        status: String,
        total_cents: Long,
      },
    },
  },
};
"#;
    assert_eq!(schema(None).text(), expected);
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let mut turned = tools();
    turned.reverse();
    let (principals, groups) = (["User::\"ada\"".to_owned()], ["Role::\"deployers\"".to_owned()]);
    let other = SchemaInput { tools: &turned, principals: &principals, groups: &groups, entities: None };
    assert_eq!(PolicySchema::generate(&other).unwrap().text(), schema(None).text());
}

#[test]
fn entities_of_the_file_are_declared_with_what_they_share() {
    let store = EntityStore::parse(ENTITIES, "entities.json").unwrap();
    let text = schema(Some(&store)).text().to_owned();
    for line in [
        "// of no one type, and therefore left out: Corp::Site.empty, User.mixed",
        "entity User in [Role, Team] { boss?: User, langs?: Set<String>, level?: Long, seen?: ipaddr };",
        "entity Team;",
        "namespace Corp {\n  entity Site { address: { town: String, zip: Long } };\n}",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn odd_names_are_quoted() {
    let args = Shape::record([
        ("order-id", Member::required(Shape::String)),
        ("if", Member::required(Shape::String)),
        ("a\"b\\c\n", Member::optional(Shape::Long)),
        ("line\nend", Member::required(Shape::Unknown)),
        ("1", Member::required(Shape::Bool)),
        ("", Member::required(Shape::Bool)),
        ("ü", Member::required(Shape::Bool)),
        ("__cedar", Member::required(Shape::Bool)),
        ("Set", Member::required(Shape::Bool)),
    ]);
    let tool = ToolTypes {
        name: ToolName::new("odd", "a\"b.c"),
        class: Class::Write,
        args,
        resources: vec!["Corp::Thing".to_owned()],
        was: Default::default(),
        now: Default::default(),
    };
    let schema = PolicySchema::generate(&SchemaInput { tools: &[tool], ..SchemaInput::default() }).unwrap();
    let text = "permit(principal, action == Action::\"odd.a\\\"b.c\", resource is Corp::Thing) when {
        context.args[\"order-id\"] == context.args[\"if\"] && context.args[\"ü\"] && context.args[\"\"] };";
    assert_eq!(Policies::parse(text, "p", None).unwrap().validate(&schema), []);
}

#[test]
fn principals_and_groups_of_other_types_are_declared() {
    let (principals, groups) = (["Corp::Bot::\"x\"".to_owned()], ["Team::\"t\"".to_owned()]);
    let tools = tools();
    let input = SchemaInput { tools: &tools, principals: &principals, groups: &groups, entities: None };
    let schema = PolicySchema::generate(&input).unwrap();
    let text = "permit(principal is Corp::Bot in Team::\"t\", action, resource);
        permit(principal in Team::\"t\", action, resource);";
    assert_eq!(Policies::parse(text, "p", None).unwrap().validate(&schema), []);
}

#[test]
fn what_is_no_entity_is_refused() {
    for (principals, groups) in
        [(["ada"], ["Role::\"a\""]), (["User::\"ada\""], ["a"]), (["String::\"a\""], ["Role::\"a\""])]
    {
        let (principals, groups) = (principals.map(str::to_owned), groups.map(str::to_owned));
        let tools = tools();
        let input = SchemaInput { tools: &tools, principals: &principals, groups: &groups, entities: None };
        assert!(PolicySchema::generate(&input).is_err(), "{principals:?} {groups:?}");
    }
    let mut tools = tools();
    tools[0].resources = vec!["no type; action \"x\"".to_owned()];
    assert!(PolicySchema::generate(&SchemaInput { tools: &tools, ..SchemaInput::default() }).is_err());
}
