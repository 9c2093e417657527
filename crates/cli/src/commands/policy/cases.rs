//! The file with the cases.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lastlook_canon::{Json, Limits, parse};
use lastlook_engine::Listed;
use lastlook_engine::config::Config;
use lastlook_kernel::{Class, ToolName};
use serde::Deserialize;

use super::tools::Tools;
use super::values;
use crate::failure::Failure;

/// A file of cases, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    /// A file that `policy schema --tools-to` wrote, relative to this one.
    tools: Option<PathBuf>,
    /// The upstreams that are started for their tools.
    #[serde(default)]
    pub live: Vec<String>,
    /// Tools that are written down here.
    #[serde(default)]
    tool: BTreeMap<String, Written>,
    /// The cases.
    #[serde(default, rename = "case")]
    pub cases: Vec<Case>,
}

/// A tool that is written down.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    class: Option<Named>,
    input_schema: Option<Schema>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Named {
    Read,
    Write,
    Destructive,
}

/// A schema, or the file it is in, relative to the file of cases.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Schema {
    Here(toml::Table),
    File(PathBuf),
}

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is called in a failure.
    pub name: String,
    /// Who acts; the configured principal if nobody is named.
    pub principal: Option<String>,
    /// What they belong to; the configured groups if nothing is named.
    pub groups: Option<Vec<String>>,
    /// The tool, `upstream.tool`.
    pub tool: String,
    /// Its arguments.
    #[serde(default)]
    pub args: toml::Table,
    /// The facts as the agent read them.
    #[serde(default)]
    pub was: toml::Table,
    /// The facts as they are.
    #[serde(default)]
    pub now: toml::Table,
    /// The tools whose steps are proven.
    #[serde(default)]
    pub steps: Vec<String>,
    /// What is acted on; what the guards on the tool say if nothing is named.
    pub resource: Option<String>,
    /// What must come out.
    pub expect: Expect,
    /// What must have decided: ids of policies, and `guard NAME`.
    pub by: Option<Vec<String>>,
    /// Whether the guards' `when` counts as well.
    #[serde(default = "yes")]
    pub conditions: bool,
}

/// What must come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// It may.
    Allow,
    /// It may not.
    Deny,
}

impl Expect {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Expect::Allow => "allow",
            Expect::Deny => "deny",
        }
    }
}

fn yes() -> bool {
    true
}

impl Cases {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Cases, Failure> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("the cases cannot be read from `{shown}`: {error}")))?;
        let cases: Cases = toml::from_str(&text).map_err(|error| {
            let report = format!("error: `{shown}` holds a mistake\n{}", error.to_string().trim_end());
            Failure::usage(format!("`{shown}` holds a mistake: {}", error.message())).rendered(report)
        })?;
        if cases.cases.is_empty() {
            return Err(Failure::usage(format!("`{shown}` has no cases"))
                .hint("write one: [[case]] with name, tool, args and expect = \"allow\" or \"deny\""));
        }
        Ok(cases)
    }

    /// The tools they are about: `live` ones, those of a file, and those that are written down, which count first.
    pub fn listed(&self, path: &Path, config: &Config, live: &Tools) -> Result<Vec<Listed>, Failure> {
        let beside = path.parent().unwrap_or(Path::new(""));
        let mut all = live.listed(config);
        if let Some(file) = &self.tools {
            all.extend(Tools::read(&beside.join(file))?.listed(config));
        }
        for (name, written) in &self.tool {
            let tool = ToolName::parse(name).ok_or_else(|| {
                Failure::usage(format!("`{name}` is not UPSTREAM.TOOL")).hint("[tool.\"shop.refund\"]")
            })?;
            let schema = written.schema(beside)?;
            let as_listed = Json::object([("name", Json::from(tool.tool.as_str())), ("inputSchema", schema)]);
            let tools = Tools([(tool.upstream.clone(), vec![as_listed])].into());
            for mut listed in tools.listed(config) {
                listed.class = match written.class {
                    None => listed.class,
                    Some(Named::Read) => Class::Read,
                    Some(Named::Write) => Class::Write,
                    Some(Named::Destructive) => Class::Destructive,
                };
                all.retain(|other| other.name != listed.name);
                all.push(listed);
            }
        }
        Ok(all)
    }
}

impl Written {
    fn schema(&self, beside: &Path) -> Result<Json, Failure> {
        match &self.input_schema {
            None => Ok(Json::Object(Vec::new())),
            Some(Schema::Here(table)) => values::table(table).map_err(Failure::usage),
            Some(Schema::File(file)) => {
                let file = beside.join(file);
                let wrong = |why: String| {
                    Failure::usage(format!("the schema cannot be read from `{}`: {why}", file.display()))
                };
                let bytes = std::fs::read(&file).map_err(|error| wrong(error.to_string()))?;
                parse(&bytes, &Limits::default()).map_err(|error| wrong(error.to_string()))
            }
        }
    }
}
