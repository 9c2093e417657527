//! Policies: reading, checking, and what they answer.

mod ask;
mod document;
mod entities;
mod files;
mod schema;

use std::collections::BTreeMap;

use super::{Authority, Policies, PolicyRequest, PolicySchema, SchemaInput, ToolTypes};
use crate::condition::tests::{facts, json};
use crate::{Class, EntityStore, Member, Shape, ToolName};

/// A shop with a refund that rests on an order, and a read. The fact is optional, as the engine makes every fact.
pub(super) fn tools() -> Vec<ToolTypes> {
    let order = Shape::record([
        ("status", Member::required(Shape::String)),
        ("total_cents", Member::required(Shape::Long)),
        ("rate", Member::required(Shape::Decimal)),
        ("note", Member::optional(Shape::String)),
        ("meta", Member::required(Shape::Unknown)),
    ]);
    vec![
        ToolTypes {
            name: ToolName::new("shop", "refund"),
            class: Class::Destructive,
            args: Shape::record([
                ("order_id", Member::required(Shape::String)),
                ("amount_cents", Member::required(Shape::Long)),
                ("reason", Member::optional(Shape::String)),
                ("options", Member::required(Shape::Unknown)),
                ("tags", Member::optional(Shape::set(Shape::String))),
            ]),
            resources: vec!["Order".to_owned()],
            was: BTreeMap::from([("order".to_owned(), Member::optional(order.clone()))]),
            now: BTreeMap::from([("order".to_owned(), Member::optional(order))]),
        },
        ToolTypes {
            name: ToolName::new("shop", "get_order"),
            class: Class::Read,
            args: Shape::record([("id", Member::required(Shape::String))]),
            resources: Vec::new(),
            was: BTreeMap::new(),
            now: BTreeMap::new(),
        },
    ]
}

pub(super) fn schema(entities: Option<&EntityStore>) -> PolicySchema {
    let (principals, groups) = (["User::\"ada\"".to_owned()], ["Role::\"deployers\"".to_owned()]);
    let tools = tools();
    PolicySchema::generate(&SchemaInput { tools: &tools, principals: &principals, groups: &groups, entities })
        .unwrap()
}

pub(super) fn policies(text: &str) -> Policies {
    Policies::parse(text, "policy.cedar", None).unwrap()
}

#[track_caller]
pub(super) fn authority(text: &str) -> Authority {
    Authority::new(policies(text), schema(None)).unwrap()
}

/// What the boundary would ask, from pieces of JSON.
pub(super) struct Asked {
    pub(super) principal: &'static str,
    pub(super) groups: Vec<String>,
    pub(super) action: &'static str,
    pub(super) resource: Option<&'static str>,
    pub(super) args: &'static str,
    pub(super) was: &'static str,
    pub(super) now: &'static str,
    pub(super) steps: Vec<String>,
}

impl Default for Asked {
    fn default() -> Asked {
        Asked {
            principal: "User::\"ada\"",
            groups: Vec::new(),
            action: "shop.refund",
            resource: Some("Order::\"42\""),
            args: r#"{"order_id": "42", "amount_cents": 1000, "options": {}}"#,
            was: "{}",
            now: r#"{"order": {"status": "paid", "total_cents": 1200, "rate": 1, "meta": 3}}"#,
            steps: Vec::new(),
        }
    }
}

impl Asked {
    pub(super) fn with<T>(&self, ask: impl FnOnce(&PolicyRequest<'_>) -> T) -> T {
        let (args, was, now) = (json(self.args), facts(self.was), facts(self.now));
        ask(&PolicyRequest {
            principal: self.principal,
            groups: &self.groups,
            action: self.action,
            resource: self.resource,
            args: &args,
            was: &was,
            now: &now,
            steps: &self.steps,
        })
    }
}
