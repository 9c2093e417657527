//! What holds although the file does not say it.

use std::time::Duration;

use lastlook_kernel::{After, BlindWrites, By, ClassSource, FactSpec, Guard, Ignore, Mode, Per, Source};
use serde_json::{Value, json};

use super::{Origin, Setting, SettingName};
use crate::config::{
    Config, ErrorAnswers, HookConfig, HookFormat, Profile, ProfileChoice, ToolConfig, UpstreamRules,
};
use crate::notify::Happened;

pub(super) fn add(config: &Config, user: &str, settings: &mut Vec<Setting>) {
    let mut gaps = Gaps { settings };
    let top = SettingName::default();
    gaps.default(&top.key("trust_annotations"), json!(config.trust_annotations));
    gaps.default(&SettingName::of(["principal", "id"]), json!(user));
    gaps.default(&SettingName::of(["principal", "groups"]), json!([]));
    gaps.default(&SettingName::of(["claims", "tool"]), json!(config.claims_tool));
    // There is no word for it in the file: left out, it is for ever.
    gaps.default(&SettingName::of(["record", "keep_values"]), Value::Null);
    defaults(config, &mut gaps);
    upstreams(config, &mut gaps);
    for fact in config.facts.values() {
        one_fact(config, fact, &mut gaps);
    }
    for procedure in config.procedures.values() {
        let steps = SettingName::of(["procedure", &procedure.name, "steps"]);
        for n in 0..procedure.steps.len() {
            gaps.default(&steps.index(n).key("accept"), json!("confirmed"));
        }
    }
    for guard in config.guards.values() {
        one_guard(config, guard, &mut gaps);
    }
    for (name, hook) in &config.hooks {
        one_hook(&SettingName::of(["notify", name]), hook, &mut gaps);
    }
    if !config.witnesses.each.is_empty() {
        gaps.default(&SettingName::of(["witness", "quorum"]), json!(config.witnesses.quorum));
    }
    for (name, witness) in &config.witnesses.each {
        gaps.default(&SettingName::of(["witness", name, "private"]), json!(witness.private));
    }
}

/// The settings so far, to which only those are added that are not there.
struct Gaps<'s> {
    settings: &'s mut Vec<Setting>,
}

impl Gaps<'_> {
    fn default(&mut self, name: &SettingName, value: Value) {
        self.fill(name, value, Origin::Default);
    }

    fn fill(&mut self, name: &SettingName, value: Value, origin: Origin) {
        if !self.settings.iter().any(|setting| setting.name.is_within(name)) {
            self.settings.push(Setting { name: name.clone(), value, origin });
        }
    }
}

fn defaults(config: &Config, gaps: &mut Gaps<'_>) {
    let defaults = &config.defaults;
    let blind = match defaults.blind_writes {
        BlindWrites::Allow => "allow",
        BlindWrites::Refuse => "refuse",
    };
    for (key, value) in [
        ("blind_writes", json!(blind)),
        ("not_subjects", json!(defaults.not_subjects)),
        ("receipt_meta", json!(defaults.receipt_meta)),
        ("mode", json!(mode(defaults.mode))),
        ("fact_timeout", duration(defaults.fact_timeout)),
        ("max_gap", duration(defaults.max_gap)),
        ("wait_for_subject", duration(defaults.wait_for_subject)),
        ("wait_for_approval", duration(defaults.wait_for_approval)),
        ("elicit", json!(defaults.elicit)),
    ] {
        gaps.default(&SettingName::of(["defaults", key]), value);
    }
}

fn upstreams(config: &Config, gaps: &mut Gaps<'_>) {
    for (name, upstream) in &config.upstreams {
        let profile = match upstream.profile {
            ProfileChoice::Detected => Profile::detect(&upstream.command),
            ProfileChoice::Named(profile) => Some(profile),
            ProfileChoice::Off => None,
        };
        let profile_name = profile.map_or("none", Profile::name);
        gaps.default(&SettingName::of(["upstream", name, "program"]), json!(upstream.program));
        gaps.default(&SettingName::of(["upstream", name, "profile"]), json!(profile_name));
        let rules = UpstreamRules::new(Some(config), name, &upstream.command);
        let shipped = profile.into_iter().flat_map(Profile::tools).map(|(tool, _)| tool);
        let mut tools: Vec<&str> = shipped.chain(rules.declared()).collect();
        tools.sort_unstable();
        tools.dedup();
        for tool in tools {
            one_tool(&SettingName::of(["tool", &format!("{name}.{tool}")]), tool, &rules, gaps);
        }
    }
}

fn one_tool(place: &SettingName, tool: &str, rules: &UpstreamRules, gaps: &mut Gaps<'_>) {
    let profile = rules.profile();
    let shipped = profile.and_then(|profile| profile.tool(tool));
    let origin = |says: fn(&ToolConfig) -> bool| match (profile, shipped.is_some_and(says)) {
        (Some(profile), true) => Origin::Profile(profile.name()),
        _ => Origin::Default,
    };
    let (class, by) = rules.classify(tool, false);
    let by_profile = (by == ClassSource::Profile).then_some(profile).flatten();
    let class_origin = by_profile.map_or(Origin::Default, |profile| Origin::Profile(profile.name()));
    gaps.fill(&place.key("class"), json!(class.as_str()), class_origin);
    let known = rules.rules(tool);
    // Without them the general rule finds the subjects.
    if let Some(subjects) = known.subjects {
        gaps.fill(&place.key("subjects"), json!(subjects), origin(|tool| tool.subjects.is_some()));
    }
    let ignore: Vec<_> = known.ignore.iter().map(part).collect();
    let errors = match known.errors_mean_no_effect {
        true => ErrorAnswers::NoEffect,
        false => ErrorAnswers::Unknown,
    };
    for (key, value, origin) in [
        ("touches", json!(known.touches), origin(|tool| tool.touches.is_some())),
        ("ignore", json!(ignore), origin(|tool| tool.ignore.is_some())),
        ("retake", json!(known.retake), origin(|tool| tool.retake.is_some())),
        ("local", json!(known.local), origin(|tool| tool.local.is_some())),
        ("errors", json!(error_answers(errors)), origin(|tool| tool.errors.is_some())),
        // No profile says what is kept, or which steps it undoes.
        ("redact", json!([]), Origin::Default),
        ("digest_only", json!([]), Origin::Default),
        ("undoes", json!([]), Origin::Default),
    ] {
        gaps.fill(&place.key(key), value, origin);
    }
}

fn one_fact(config: &Config, fact: &FactSpec, gaps: &mut Gaps<'_>) {
    let place = SettingName::of(["fact", &fact.name]);
    gaps.default(&place.key("select"), json!(fact.select));
    gaps.default(&place.key("on_aba"), json!("refuse"));
    gaps.default(&place.key("timeout"), duration(fact.timeout.unwrap_or(config.defaults.fact_timeout)));
    gaps.default(&place.key("show"), json!("operator"));
    match &fact.source {
        Source::Http { .. } => {
            gaps.default(&place.key("http").key("redirects"), json!(false));
            gaps.default(&place.key("http").key("private"), json!(false));
        }
        Source::Sql { .. } => gaps.default(&place.key("sql").key("rows"), json!("one")),
        Source::Mcp { .. } | Source::File { .. } | Source::Command { .. } | Source::Ledger { .. } => {}
    }
}

fn one_hook(place: &SettingName, hook: &HookConfig, gaps: &mut Gaps<'_>) {
    let HookConfig { url: _, format, secret: _, on, show_arguments, private } = hook;
    let format = match format {
        HookFormat::Json => "json",
        HookFormat::Slack => "slack",
    };
    let told = Happened::TOLD.iter().filter(|(_, happened)| on.contains(happened));
    let told: Vec<&str> = told.map(|(name, _)| *name).collect();
    for (key, value) in [
        ("format", json!(format)),
        ("on", json!(told)),
        ("show_arguments", json!(show_arguments)),
        ("private", json!(private)),
    ] {
        gaps.default(&place.key(key), value);
    }
}

fn one_guard(config: &Config, guard: &Guard, gaps: &mut Gaps<'_>) {
    let place = SettingName::of(["guard", &guard.name]);
    gaps.default(&place.key("mode"), json!(mode(config.defaults.mode)));
    for (n, after) in guard.after.iter().enumerate() {
        if let After::Step(_) = after {
            gaps.default(&place.key("after").index(n).key("accept"), json!("confirmed"));
        }
    }
    for (n, limit) in guard.limit.iter().enumerate() {
        let place = place.key("limit").index(n);
        if limit.by == By::Principal {
            gaps.default(&place.key("by"), json!("principal"));
        }
        if let Per::Calendar { tz, .. } = &limit.per {
            gaps.default(&place.key("tz"), json!(tz));
        }
    }
    if let Some(Per::Calendar { tz, .. }) = guard.once.as_ref().and_then(|once| once.per.as_ref()) {
        gaps.default(&place.key("once").key("tz"), json!(tz));
    }
    if let Some(lease) = &guard.lease {
        gaps.default(&place.key("lease").key("wait"), duration(lease.wait));
        gaps.default(&place.key("lease").key("hold"), duration(lease.hold));
    }
    if let Some(approve) = &guard.approve {
        gaps.default(&place.key("approve").key("quorum"), json!(approve.quorum));
    }
    if let Some(confirm) = &guard.confirm {
        gaps.default(&place.key("confirm").key("within"), duration(confirm.within));
    }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Audit => "audit",
    }
}

fn error_answers(errors: ErrorAnswers) -> &'static str {
    match errors {
        ErrorAnswers::NoEffect => "no-effect",
        ErrorAnswers::Unknown => "unknown",
    }
}

fn part(ignore: &Ignore) -> String {
    match &ignore.line_prefix {
        Some(prefix) => format!("{}#{prefix}", ignore.pointer),
        None => ignore.pointer.clone(),
    }
}

/// As the file has it, in the largest unit that is exact.
fn duration(duration: Duration) -> Value {
    let seconds = duration.as_secs();
    let text = match (duration.subsec_millis(), seconds) {
        (0, seconds) if seconds > 0 && seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
        (0, seconds) if seconds > 0 && seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        (0, seconds) if seconds > 0 && seconds % 60 == 0 => format!("{}m", seconds / 60),
        (0, seconds) => format!("{seconds}s"),
        (_, _) => format!("{}ms", duration.as_millis()),
    };
    json!(text)
}
