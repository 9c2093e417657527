//! What policies and conditions cost beside a bare Cedar call on the same request, in the same run.
//!
//! `cargo run --release -p lastlook-kernel --example bench_policy`

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use lastlook_canon::{Json, Limits};
use lastlook_kernel::{
    Authority, Class, Condition, Member, Policies, PolicyRequest, PolicySchema, Root, SchemaInput, Shape,
    ToolName, ToolTypes, World, WorldInput,
};

const ROUNDS: usize = 4_000;

const ARGS: &str = r#"{"order_id": "o-1001", "amount_cents": 1200, "reason": "damaged", "tags": ["a", "b", "c"],
    "customer": {"id": "c-7", "name": "Ada", "level": 3}}"#;

const ORDER: &str = r#"{"status": "paid", "total_cents": 5000, "currency": "EUR", "rate": 1.25, "lines": ["x", "y", "z"],
    "customer": {"id": "c-7", "name": "Ada", "level": 3}}"#;

const CONDITIONS: [&str; 5] = [
    "now.order.status == \"paid\" && args.amount_cents <= now.order.total_cents",
    "now.order.status == was.order.status",
    "now.order.customer.id == args.customer.id",
    "args.tags.contains(\"b\") && !(args.tags.contains(\"hold\"))",
    "principal in Role::\"deployers\" || args.amount_cents < 2000",
];

/// As many permits and forbids, half of them on facts; most apply to the tool, as in a real file.
fn policy_text() -> String {
    let one = |n: usize| {
        match n % 4 {
        0 => format!(
            "@id(\"p{n}\") permit(principal in Role::\"deployers\", action == Action::\"shop.refund\", resource is Order)
             when {{ context.args.amount_cents <= {} && context.now has order && context.now.order.status == \"paid\" }};",
            10_000 + n
        ),
        1 => format!(
            "@id(\"p{n}\") forbid(principal, action == Action::\"shop.refund\", resource)
             when {{ context.args has reason && context.args.reason like \"*fraud{n}*\" }};"
        ),
        2 => format!(
            "@id(\"p{n}\") forbid(principal, action in Action::\"destructive\", resource)
             when {{ context.args.customer.level > {} || (context.now has order && context.now.order.total_cents > {}) }};",
            n + 10,
            1_000_000 + n
        ),
        _ => format!(
            "@id(\"p{n}\") permit(principal == User::\"someone{n}\", action == Action::\"shop.refund\", resource)
             when {{ context.was has order && context.now has order && context.was.order.total_cents == context.now.order.total_cents }};"
        ),
    }
    };
    (0..20).map(one).collect()
}

fn tools() -> Vec<ToolTypes> {
    let text = || Member::required(Shape::String);
    let long = || Member::required(Shape::Long);
    let customer = || Member::required(Shape::record([("id", text()), ("name", text()), ("level", long())]));
    let order = Shape::record([
        ("status", text()),
        ("total_cents", long()),
        ("currency", text()),
        ("rate", Member::required(Shape::Decimal)),
        ("lines", Member::required(Shape::set(Shape::String))),
        ("customer", customer()),
    ]);
    // Optional, as the engine makes every fact.
    let facts = BTreeMap::from([("order".to_owned(), Member::optional(order))]);
    vec![ToolTypes {
        name: ToolName::new("shop", "refund"),
        class: Class::Destructive,
        args: Shape::record([
            ("order_id", text()),
            ("amount_cents", long()),
            ("reason", Member::optional(Shape::String)),
            ("tags", Member::required(Shape::set(Shape::String))),
            ("customer", customer()),
        ]),
        resources: vec!["Order".to_owned()],
        was: facts.clone(),
        now: facts,
    }]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tools = tools();
    let (principals, groups) = (["User::\"ada\"".to_owned()], ["Role::\"deployers\"".to_owned()]);
    let input = SchemaInput { tools: &tools, principals: &principals, groups: &groups, entities: None };
    let schema = PolicySchema::generate(&input)?;
    let text = policy_text();
    let policies =
        Policies::parse(&text, "policy.cedar", None).map_err(|problems| format!("{problems:?}"))?;
    let authority = Authority::new(policies, schema.clone()).map_err(|problems| format!("{problems:?}"))?;

    let args = json(ARGS)?;
    let facts = vec![("order".to_owned(), json(ORDER)?)];
    let request = PolicyRequest {
        principal: "User::\"ada\"",
        groups: &groups,
        action: "shop.refund",
        resource: Some("Order::\"o-1001\""),
        args: &args,
        was: &facts,
        now: &facts,
        steps: &[],
    };
    let answer = authority.decide(&request);
    if !answer.allow {
        return Err(format!("the benchmark's request should be allowed: {answer:?}").into());
    }
    let bare = Bare::new(&text, &schema)?;
    let conditions = CONDITIONS.map(|text| Condition::parse(text, &Root::ALL));
    let conditions = conditions.into_iter().collect::<Result<Vec<_>, _>>()?;
    let shapes =
        tools.iter().flat_map(|tool| &tool.now).map(|(name, member)| (name.clone(), member.shape.clone()));
    let shapes: Vec<(String, Shape)> = shapes.collect();
    let world = || {
        World::new(&WorldInput {
            principal: request.principal,
            groups: &groups,
            action: request.action,
            resource: request.resource,
            args: &args,
            args_shape: tools.first().map(|tool| &tool.args),
            was: &facts,
            now: &facts,
            fact_shapes: &shapes,
            steps: &[],
            entities: None,
        })
    };
    let evaluate = || conditions.iter().all(|condition| condition.eval(&world()).is_ok());
    if !evaluate() {
        return Err("the benchmark's conditions should have answers".into());
    }

    let mut times = [(); 5].map(|()| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        // In turn, so that whatever else the machine does falls on all of them alike.
        times[0].push(time(|| bare.ask()));
        times[1].push(time(|| authority.decide(&request).allow));
        times[2].push(time(|| authority.first(&request) == lastlook_kernel::PolicyFirst::Undecided));
        times[3].push(time(|| {
            let world = world();
            conditions.iter().all(|condition| condition.eval(&world) == Ok(true))
        }));
        times[4].push(time(|| {
            let world = world();
            conditions.iter().all(|condition| condition.eval(&world) == Ok(true))
                && authority.decide(&request).allow
        }));
    }
    let medians = times.map(median);
    let names = [
        "bare Cedar, 20 policies",
        "decide, 20 policies",
        "first, 20 policies",
        "5 conditions",
        "5 conditions and decide",
    ];
    for (name, median) in names.iter().zip(&medians) {
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        println!("{name:<26} p50 {:>8.1} µs  {ratio:.2} × bare", median.as_secs_f64() * 1e6);
    }
    Ok(())
}

/// Cedar as its users call it, on a request made beforehand.
struct Bare {
    authorizer: cedar_policy::Authorizer,
    policies: cedar_policy::PolicySet,
    entities: cedar_policy::Entities,
    request: cedar_policy::Request,
}

impl Bare {
    fn new(text: &str, schema: &PolicySchema) -> Result<Bare, Box<dyn std::error::Error>> {
        let (schema, _) = cedar_policy::Schema::from_cedarschema_str(schema.text())?;
        let entities = serde_json::json!([
            {"uid": {"type": "User", "id": "ada"}, "attrs": {}, "parents": [{"type": "Role", "id": "deployers"}]}
        ]);
        let context = format!(
            "{{\"args\": {ARGS}, \"was\": {{\"order\": {ORDER}}}, \"now\": {{\"order\": {ORDER}}}, \"steps\": []}}"
        );
        let action: cedar_policy::EntityUid = "Action::\"shop.refund\"".parse()?;
        let context = context.replace("1.25", "\"1.25\"");
        let context = cedar_policy::Context::from_json_str(&context, Some((&schema, &action)))?;
        Ok(Bare {
            authorizer: cedar_policy::Authorizer::new(),
            policies: text.parse()?,
            entities: cedar_policy::Entities::from_json_value(entities, Some(&schema))?,
            request: cedar_policy::Request::new(
                "User::\"ada\"".parse()?,
                action,
                "Order::\"o-1001\"".parse()?,
                context,
                Some(&schema),
            )?,
        })
    }

    fn ask(&self) -> bool {
        let response = self.authorizer.is_authorized(&self.request, &self.policies, &self.entities);
        response.decision() == cedar_policy::Decision::Allow
    }
}

fn json(text: &str) -> Result<Json, lastlook_canon::JsonError> {
    lastlook_canon::parse(text.as_bytes(), &Limits::default())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures time; the crate it measures does not know any"
)]
fn time(run: impl FnOnce() -> bool) -> Duration {
    let start = Instant::now();
    assert!(black_box(run()), "every round answers alike");
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
