use lastlook_canon::Json;
use lastlook_kernel::{
    Accept, After, Amount, By, Fresh, Member, Per, SeenAs, Shape, Source, Step, Template, Unit,
};

use super::*;

pub(super) const GUARDED: &str = r##"
[upstream.shop]
command = ["shop-mcp"]
[upstream.ci]
command = ["ci-mcp"]

[tool."shop.get_order"]
class = "read"
[tool."shop.edit_customer"]
class = "write"
undoes = ["shop.verify_customer"]

[database.shop]
url = "postgres://u:hunter2@localhost:5432/shop"
[database.local]
sqlite = "/srv/shop.db"
[database.far]
url = "env:SHOP_DB"

[fact.order]
mcp = { tool = "shop.get_order", args = { id = "${args.order_id}", deep = { n = 1, list = [true, 1.5] } } }
select = ["/status", "/total_cents"]
version = "/version"
on_aba = "allow"
as_of = "/updated_at"
shape = { status = "String", total_cents = "Long", "note?" = "String", lines = ["String"], nested = { a = "Bool" } }
timeout = "2s"
max_bytes = 65536
show = "agent"

[fact.rate]
http = { url = "https://rates.example/${args.currency}", headers = { Authorization = "env:TOKEN", accept = "text/plain" }, redirects = true, private = true }

[fact.row]
sql = { database = "shop", query = "select status, '$9' as x, xmin::text as xmin from orders where id = $1 and n > $2", params = ["${args.order_id}", 7], rows = "one", version = "xmin" }
seen_as = { tool = "shop.get_order", args = { id = "${args.order_id}" }, select = [], version = "/version" }

[fact.rows]
sql = { database = "shop", query = "select 1" }
seen_as = [{ tool = "shop.get_order" }, { tool = "shop.refund", select = [] }]

[fact.all]
sql = { database = "local", query = "select * from orders", rows = "many" }
[fact.note]
file = { path = "/srv/notes/${args.name}" }
[fact.head]
command = { argv = ["git", "-C", "/srv/repo", "rev-parse", "HEAD"], cwd = "/srv", env = ["HOME"] }
[fact.earlier]
ledger = { tool = "shop.refund", where = "step.args.order_id == args.order_id", within = "1h" }

[procedure.release]
steps = [{ tool = "ci.build", accept = "succeeded" }, { tool = "ci.run_tests", accept = "succeeded", none_since = ["ci.commit"] }]

[guard.refund]
on = ["shop.refund"]
mode = "audit"
resource = 'Order::"${args.order_id}"'
unchanged = ["order", "row"]
fresh = { rate = "30s", order = "1m" }
facts = ["all"]
stable = true
when = 'now.note.exists && args.amount_cents <= now.order.total_cents'
after = [{ tool = "shop.verify_customer", where = 'step.args.id == args.customer_id', within = "10m", accept = "succeeded", none_since = ["shop.edit_customer"] }, { procedure = "release" }, { tool = "shop.refund" }]
window = { open = "Mon-Fri 09:00-17:30", tz = "Europe/Paris", closed = ["2026-12-24..2027-01-02"], not_before = "2026-01-01T00:00:00Z", not_after = "2027-01-01T00:00:00Z", max_age = "15m", min_spacing = "10s" }
once = { key = "refund:${args.order_id}", per = "day", tz = "Europe/Paris" }
limit = [{ sum = "/amount_cents", max = "5000.50", per = "1d", by = "resource" }, { count = 20, per = "day" }, { count = 1, per = "1h", by = "key:${args.account}" }]
lease = { key = "order:${args.order_id}", wait = "1s", hold = "2s" }
approve = { when = 'args.amount_cents > 10000', by = 'Role::"finance"', quorum = 2, expires = "15m" }
confirm = { when = 'now.head.exit == 0', refute = 'was.order.status == "paid"', within = "3s", settle = "30s" }

[guard.deploy]
on = ["ci.deploy", "shop.refund"]
stable = 5
facts = ["head"]
once = "deploy:${args.sha}"
lease = "deploy"
window = { open = ["Mon-Thu 09:00-17:00", "Fri 09:00-12:00"], tz = "UTC" }
"##;

fn tool(name: &str) -> ToolName {
    ToolName::parse(name).unwrap()
}

fn template(text: &str) -> Template {
    Template::parse(text).unwrap()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn every_part_of_a_guard_is_read() {
    let config = parse(GUARDED);
    let guard = &config.guards["refund"];
    assert_eq!(
        (guard.name.as_str(), &guard.on, guard.mode),
        ("refund", &vec![tool("shop.refund")], Some(Mode::Audit))
    );
    assert_eq!(guard.resource, Some(template("Order::\"${args.order_id}\"")));
    assert_eq!(guard.unchanged, ["order", "row"]);
    let fresh = |fact: &str, max_age| Fresh { fact: fact.to_owned(), max_age };
    assert_eq!(guard.fresh, [fresh("order", seconds(60)), fresh("rate", seconds(30))]);
    assert_eq!((guard.facts.as_slice(), guard.stable), (["all".to_owned()].as_slice(), Some(3)));
    assert!(guard.when.is_some());
    assert_eq!(
        guard.window,
        Some(lastlook_kernel::WindowSpec {
            open: vec!["Mon-Fri 09:00-17:30".into()],
            tz: Some("Europe/Paris".into()),
            closed: vec!["2026-12-24..2027-01-02".into()],
            not_before: Some("2026-01-01T00:00:00Z".into()),
            not_after: Some("2027-01-01T00:00:00Z".into()),
            max_age: Some(seconds(900)),
            min_spacing: Some(seconds(10)),
        })
    );
    let once = guard.once.as_ref().unwrap();
    let paris = Per::Calendar { unit: Unit::Day, tz: "Europe/Paris".into() };
    assert_eq!((&once.key, &once.per), (&template("refund:${args.order_id}"), &Some(paris)));
    let lease = guard.lease.as_ref().unwrap();
    assert_eq!((lease.wait, lease.hold), (seconds(1), seconds(2)));
    let approve = guard.approve.as_ref().unwrap();
    assert!(approve.when.is_some());
    assert_eq!(
        (approve.by.as_str(), approve.quorum, approve.expires),
        ("Role::\"finance\"", 2, Some(seconds(900)))
    );
    let confirm = guard.confirm.as_ref().unwrap();
    assert!(confirm.refute.is_some());
    assert_eq!((confirm.within, confirm.settle), (seconds(3), Some(seconds(30))));
}

#[test]
fn what_is_left_out_has_its_default() {
    let config = parse(GUARDED);
    let guard = &config.guards["deploy"];
    assert_eq!((guard.mode, guard.stable), (None, Some(5)));
    assert!(guard.resource.is_none() && guard.unchanged.is_empty() && guard.fresh.is_empty());
    assert!(guard.when.is_none() && guard.after.is_empty() && guard.limit.is_empty());
    assert!(guard.approve.is_none() && guard.confirm.is_none());
    assert_eq!(guard.once.as_ref().unwrap().per, None);
    let lease = guard.lease.as_ref().unwrap();
    assert_eq!((lease.wait, lease.hold), (seconds(10), seconds(30)));
    assert_eq!(guard.window.as_ref().unwrap().open.len(), 2);
    let note = &config.facts["note"];
    assert!(note.select.is_empty() && !note.aba_allowed && !note.show_agent && note.timeout.is_none());
}

#[test]
fn steps_are_read_in_their_order() {
    let config = parse(GUARDED);
    let [After::Step(verify), After::Procedure(release), After::Step(own)] =
        config.guards["refund"].after.as_slice()
    else {
        panic!("three entries")
    };
    let Step { tool: name, matching, within, accept, none_since } = verify;
    assert_eq!(
        (name, *within, *accept),
        (&tool("shop.verify_customer"), Some(seconds(600)), Accept::Succeeded)
    );
    assert!(matching.is_some());
    assert_eq!(none_since, &[tool("shop.edit_customer")]);
    assert_eq!(release, "release");
    assert_eq!(own.accept, Accept::Confirmed);
    let steps: Vec<_> = config.procedures["release"].steps.iter().map(|step| step.tool.to_string()).collect();
    assert_eq!(steps, ["ci.build", "ci.run_tests"]);
}

#[test]
fn limits_count_calls_or_sum_up() {
    let config = parse(GUARDED);
    let [sum, count, key] = config.guards["refund"].limit.as_slice() else { panic!("three limits") };
    assert_eq!((sum.sum.as_deref(), sum.max), (Some("/amount_cents"), "5000.50".parse().unwrap()));
    assert_eq!((&sum.per, &sum.by), (&Per::Sliding(seconds(86400)), &By::Resource));
    assert_eq!((&count.sum, count.max, &count.by), (&None, Amount::of_count(20), &By::Principal));
    assert_eq!(count.per, Per::Calendar { unit: Unit::Day, tz: "UTC".into() });
    assert_eq!(key.by, By::Key(template("${args.account}")));
}

#[test]
fn every_key_of_a_fact_is_read() {
    let config = parse(GUARDED);
    let order = &config.facts["order"];
    assert_eq!(order.select, ["/status", "/total_cents"]);
    assert_eq!((order.version.as_deref(), order.as_of.as_deref()), (Some("/version"), Some("/updated_at")));
    assert!(order.aba_allowed && order.show_agent);
    assert_eq!((order.timeout, order.max_bytes), (Some(seconds(2)), Some(65536)));
    let member = |shape, required| Member { shape, required };
    let record = |members: &[(&str, Shape, bool)]| {
        Shape::Record(members.iter().map(|(n, s, r)| ((*n).to_owned(), member(s.clone(), *r))).collect())
    };
    let expect = record(&[
        ("status", Shape::String, true),
        ("total_cents", Shape::Long, true),
        ("note", Shape::String, false),
        ("lines", Shape::Set(Box::new(Shape::String)), true),
        ("nested", record(&[("a", Shape::Bool, true)]), true),
    ]);
    assert_eq!(order.shape, Some(expect));
    let Source::Mcp { tool: name, args } = &order.source else { panic!("mcp") };
    let number = |text: &str| Json::Number(lastlook_canon::Number::new(text).unwrap());
    let deep =
        Json::object([("list", Json::Array(vec![Json::Bool(true), number("1.5")])), ("n", number("1"))]);
    let expect = Json::object([("deep", deep), ("id", Json::from("${args.order_id}"))]);
    assert_eq!((name, args), (&tool("shop.get_order"), &Template::from_json(expect).unwrap()));
}

#[test]
fn every_kind_of_source_is_read() {
    let config = parse(GUARDED);
    let source = |name: &str| &config.facts[name].source;
    let Source::Http { headers, redirects, private, .. } = source("rate") else { panic!("http") };
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("accept", "text/plain"), ("authorization", "env:TOKEN")]);
    assert!(*redirects && *private);
    let Source::Sql { database, params, many, version, .. } = source("row") else { panic!("sql") };
    assert_eq!(
        (database.as_str(), params.len(), *many, version.as_deref()),
        ("shop", 2, false, Some("xmin"))
    );
    assert!(matches!(source("all"), Source::Sql { many: true, version: None, .. }));
    assert!(matches!(source("note"), Source::File { .. }));
    let Source::Command { argv, cwd, env } = source("head") else { panic!("command") };
    assert_eq!(
        (argv.len(), cwd.as_deref(), env.as_slice()),
        (5, Some("/srv"), ["HOME".to_owned()].as_slice())
    );
    let Source::Ledger { matching, within, .. } = source("earlier") else { panic!("ledger") };
    assert!(matching.is_some() && *within == Some(seconds(3600)));
    let [SeenAs { tool: seen, select, version, .. }] = &config.facts["row"].seen_as[..] else {
        panic!("seen")
    };
    assert_eq!((seen, select.len(), version.as_deref()), (&tool("shop.get_order"), 0, Some("/version")));
    let views: Vec<_> = config.facts["rows"].seen_as.iter().map(|seen| seen.tool.to_string()).collect();
    assert_eq!(views, ["shop.get_order", "shop.refund"]);
}

#[test]
fn databases_have_an_address_or_a_file() {
    let config = parse(GUARDED);
    let address = Secret::Literal("postgres://u:hunter2@localhost:5432/shop".into());
    assert_eq!(config.databases["shop"], DatabaseConfig::Postgres { url: address });
    assert_eq!(config.databases["local"], DatabaseConfig::Sqlite("/srv/shop.db".into()));
    assert_eq!(config.databases["far"], DatabaseConfig::Postgres { url: Secret::Env("SHOP_DB".into()) });
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn what_a_guard_names_can_be_looked_up() {
    let config = parse(GUARDED);
    let index = crate::steps::StepIndex::new(&config);
    for step in
        ["ci.build", "ci.commit", "ci.run_tests", "shop.edit_customer", "shop.refund", "shop.verify_customer"]
    {
        assert!(index.names(&tool(step)), "{step}");
    }
    assert!(!index.names(&tool("shop.get_order")));
    let facts: Vec<_> = config.guards["refund"].fact_names().into_iter().collect();
    assert_eq!(facts, ["all", "head", "note", "order", "rate", "row"]);
}

#[test]
fn a_named_profile_declares_reads() {
    let fact = "[fact.log]\nmcp = { tool = \"git.git_log\", args = { repo_path = \"/srv\" } }\n";
    let upstream = "[upstream.git]\ncommand = [\"mcp-server-git\"]\n";
    assert!(Config::parse(&format!("{upstream}profile = \"git\"\n{fact}"), "x").is_ok());
    assert!(Config::parse(&format!("{upstream}{fact}"), "x").is_err());
    // The operator's word goes first.
    let own = "[tool.\"git.git_log\"]\nclass = \"write\"\n";
    assert!(Config::parse(&format!("{upstream}profile = \"git\"\n{own}{fact}"), "x").is_err());
}
