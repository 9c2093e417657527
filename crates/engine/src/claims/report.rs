//! What an agent claims, as it writes it, and what is found of it.

use lastlook_canon::{Json, Limits, parse};
use lastlook_kernel::ToolName;
use serde_json::{Value, json};

/// What an agent claims to have done.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The claims, in order.
    pub claims: Vec<Claim>,
}

/// One claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// A tool was called with these arguments, and perhaps others.
    Tool {
        /// The tool.
        tool: ToolName,
        /// Arguments the call must have had.
        args: Json,
    },
    /// All steps of a procedure were done about a subject.
    Procedure {
        /// The procedure's name.
        name: String,
        /// What it was about: arguments that its steps' `where` refers to.
        subject: Json,
    },
}

/// Why a text is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It is not strict JSON.
    #[error("the report is not JSON: {0}")]
    Json(String),
    /// It has not the form of a report.
    #[error("{at}: {what}")]
    Form {
        /// Where, as a JSON Pointer.
        at: String,
        /// What is wrong.
        what: String,
    },
}

/// What is found of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// It is on record, and its effect was seen.
    Confirmed,
    /// The record says the opposite: it was refused, it failed, or its effect does not show.
    Contradicted,
    /// It is on record, and nobody has seen the effect.
    Unconfirmed,
    /// Nothing of the kind is on record.
    Missing,
    /// It happened, and what it was about has changed since, or may have.
    Outdated,
}

impl Finding {
    /// The spelling in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Finding::Confirmed => "confirmed",
            Finding::Contradicted => "contradicted",
            Finding::Unconfirmed => "unconfirmed",
            Finding::Missing => "missing",
            Finding::Outdated => "outdated",
        }
    }
}

/// A claim and what is found of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The claim.
    pub claim: Claim,
    /// What is found.
    pub finding: Finding,
    /// The receipts it was found by.
    pub receipts: Vec<String>,
    /// One sentence.
    pub says: String,
    /// For a procedure, the steps it lacks.
    pub lacking: Vec<Lacking>,
}

/// A step that a procedure lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The step's tool.
    pub step: String,
    /// Why it does not count.
    pub why: String,
}

/// Everything found of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The claims, in the report's order.
    pub claims: Vec<Claimed>,
}

impl Checked {
    /// Whether every claim is confirmed.
    pub fn all_confirmed(&self) -> bool {
        self.claims.iter().all(|claimed| claimed.finding == Finding::Confirmed)
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let claims: Vec<Value> = self
            .claims
            .iter()
            .map(|claimed| {
                let lacking: Vec<Value> = claimed
                    .lacking
                    .iter()
                    .map(|lacking| json!({"step": lacking.step, "why": lacking.why}))
                    .collect();
                let mut written = json!({
                    "claim": claimed.claim.to_string(),
                    "finding": claimed.finding.as_str(),
                    "receipts": claimed.receipts,
                    "says": claimed.says,
                });
                if let (false, Some(written)) = (lacking.is_empty(), written.as_object_mut()) {
                    written.insert("lacking".into(), lacking.into());
                }
                written
            })
            .collect();
        json!({"claims": claims, "all_confirmed": self.all_confirmed()})
    }
}

impl std::fmt::Display for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, about) = match self {
            Claim::Tool { tool, args } => (tool.to_string(), args),
            Claim::Procedure { name, subject } => (format!("procedure {name}"), subject),
        };
        let about = String::from_utf8_lossy(&lastlook_canon::lexical(about)).into_owned();
        write!(f, "{name} {about}")
    }
}

impl Report {
    /// Reads `{"claims": [{"tool": "shop.refund", "args": {…}}, {"procedure": "release", "subject": {…}}]}`, or the bare
    /// array. A tool without an upstream is one of `upstream`, when that is given.
    ///
    /// # Errors
    ///
    /// Not strict JSON, or not of this form: unknown members are errors, so that a misspelt one is not passed over.
    pub fn read(text: &[u8], upstream: Option<&str>) -> Result<Report, ReportError> {
        let json = parse(text, &Limits::default()).map_err(|error| ReportError::Json(error.to_string()))?;
        Report::from_json(&json, upstream)
    }

    /// [`Report::read`], for JSON that was read already.
    pub fn from_json(json: &Json, upstream: Option<&str>) -> Result<Report, ReportError> {
        let (claims, at) = match json {
            Json::Array(claims) => (claims.as_slice(), ""),
            Json::Object(_) => {
                only(json, &["claims"], "")?;
                let claims = json.get("claims").and_then(Json::as_array);
                (claims.ok_or_else(|| form("/claims", "write an array of claims"))?, "/claims")
            }
            _ => return Err(form("", "write {\"claims\": […]}")),
        };
        let claims =
            claims.iter().enumerate().map(|(index, claim)| read(claim, &format!("{at}/{index}"), upstream));
        Ok(Report { claims: claims.collect::<Result<_, _>>()? })
    }
}

fn read(claim: &Json, at: &str, upstream: Option<&str>) -> Result<Claim, ReportError> {
    let object = |member: &str| match claim.get(member) {
        None => Ok(Json::Object(Vec::new())),
        Some(Json::Object(members)) => Ok(Json::Object(members.clone())),
        Some(_) => Err(form(&format!("{at}/{member}"), "must be an object")),
    };
    let text = |member: &str| match claim.get(member) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(form(&format!("{at}/{member}"), "must be text")),
    };
    match (text("tool")?, text("procedure")?) {
        (Some(tool), None) => {
            only(claim, &["tool", "args"], at)?;
            let named = ToolName::parse(tool).or_else(|| Some(ToolName::new(upstream?, tool)));
            let named = named.ok_or_else(|| {
                form(&format!("{at}/tool"), "write the upstream, a dot and the tool: \"shop.refund\"")
            })?;
            Ok(Claim::Tool { tool: named, args: object("args")? })
        }
        (None, Some(name)) => {
            only(claim, &["procedure", "subject"], at)?;
            Ok(Claim::Procedure { name: name.to_owned(), subject: object("subject")? })
        }
        _ => Err(form(at, "write either \"tool\" with \"args\" or \"procedure\" with \"subject\"")),
    }
}

fn only(value: &Json, known: &[&str], at: &str) -> Result<(), ReportError> {
    let members = value.as_object().unwrap_or_default();
    match members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => {
            Err(form(&format!("{at}/{name}"), &format!("unknown member; known: {}", known.join(", "))))
        }
        None => Ok(()),
    }
}

fn form(at: &str, what: &str) -> ReportError {
    ReportError::Form {
        at: if at.is_empty() { "/".to_owned() } else { at.to_owned() },
        what: what.to_owned(),
    }
}
