//! The files with the policies.

use std::path::{Path, PathBuf};

use lastlook_canon::Digest;
use lastlook_kernel::{Policies, PolicyProblem};

use super::error::{FileKind, NamedBy};
use super::{Config, ConfigError, find};

/// Where the policies are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFiles {
    /// Cedar policies.
    pub file: PathBuf,
    /// Cedar entities, as JSON.
    pub entities: Option<PathBuf>,
}

impl PolicyFiles {
    /// The text of the policies, and of the entities where there are some.
    ///
    /// # Errors
    ///
    /// What [`Config::load`](super::Config::load) refuses of a configuration file is refused of these as well: one that
    /// is missing, not a file, too large, writable by the group or by everybody (on Unix), or not UTF-8.
    pub fn read(&self) -> Result<(String, Option<String>), ConfigError> {
        let policies = find::read(&self.file, FileKind::Policy, NamedBy::Configuration)?;
        let entities = match &self.entities {
            Some(path) => Some(find::read(path, FileKind::Entities, NamedBy::Configuration)?),
            None => None,
        };
        Ok((policies, entities))
    }

    /// The text of one file of policies that was named on the command line, if it parses.
    pub(crate) fn read_alone(file: &Path) -> Result<String, ConfigError> {
        let text = find::read(file, FileKind::Policy, NamedBy::Argument)?;
        let name = file.display().to_string();
        match Policies::parse(&text, &name, None) {
            Ok(_) => Ok(text),
            Err(problems) => Err(ConfigError::policies(&problems, &[(&name, &text)])),
        }
    }

    /// Takes relative paths as relative to the folder of the configuration file.
    pub(super) fn below(self, configuration: &Path) -> PolicyFiles {
        let folder = configuration.parent().unwrap_or(Path::new(""));
        PolicyFiles { file: folder.join(self.file), entities: self.entities.map(|path| folder.join(path)) }
    }
}

/// The policies of a configuration, read and parsed.
#[derive(Debug, Clone)]
pub struct PoliciesRead {
    /// The policies, with the entities they know.
    pub policies: Policies,
    /// The digest of the configuration together with these files.
    pub digest: Digest,
    /// The text of the policies.
    pub text: String,
    /// The text of the entities, where there are some.
    pub entities: Option<String>,
}

impl Config {
    /// Reads the policy files the configuration names; `None` when it names none.
    ///
    /// # Errors
    ///
    /// What [`PolicyFiles::read`] refuses, and policies or entities that do not parse.
    pub fn read_policies(&self) -> Result<Option<PoliciesRead>, ConfigError> {
        let Some(files) = &self.policy else { return Ok(None) };
        let (text, entities) = files.read()?;
        self.take_policies(text, entities).map(Some)
    }

    /// Takes these texts for those of the policy files the configuration names.
    ///
    /// # Errors
    ///
    /// Policies or entities that do not parse.
    pub(crate) fn take_policies(
        &self,
        text: String,
        entities: Option<String>,
    ) -> Result<PoliciesRead, ConfigError> {
        let path = |path: Option<&PathBuf>| path.map(|path| path.display().to_string()).unwrap_or_default();
        let file = path(self.policy.as_ref().map(|files| &files.file));
        let entities_file = path(self.policy.as_ref().and_then(|files| files.entities.as_ref()));
        let known = entities.as_deref().map(|text| (text, entities_file.as_str()));
        let policies = Policies::parse(&text, &file, known).map_err(|problems| {
            let texts =
                [(file.as_str(), text.as_str()), (&entities_file, entities.as_deref().unwrap_or_default())];
            ConfigError::policies(&problems, &texts)
        })?;
        let digest = self.digest(Some(&text), entities.as_deref());
        Ok(PoliciesRead { policies, digest, text, entities })
    }

    /// What is wrong with the policies for some tools, shown in their files; problems that stand in none are left out.
    ///
    /// # Errors
    ///
    /// The files cannot be read any more.
    pub fn show_policy_problems(&self, problems: &[PolicyProblem]) -> Result<ConfigError, ConfigError> {
        let Some(files) = &self.policy else { return Ok(ConfigError::policies(problems, &[])) };
        let (text, entities) = files.read()?;
        let file = files.file.display().to_string();
        let entities_file = files.entities.as_ref().map(|path| path.display().to_string());
        let known = entities_file.as_deref().zip(entities.as_deref());
        let texts: Vec<(&str, &str)> = std::iter::once((file.as_str(), text.as_str())).chain(known).collect();
        Ok(ConfigError::policies(problems, &texts))
    }
}
