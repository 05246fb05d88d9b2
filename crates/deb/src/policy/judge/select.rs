//! Which policies of a folder are for a package.

use std::path::Path;

use super::super::rules::{Kind, Policy, Rule};
use super::super::store::Policies;
use super::{Case, Dialect};
use crate::{Result, codes};

impl Case<'_> {
    /// Policies of the folder that apply, by name.
    pub(super) fn usable(&mut self, folder: &Path) -> Result<Vec<(String, Policy)>> {
        let mut usable = Vec::new();
        for file in self.setting.policies.files(folder)? {
            match Policies::policy(&folder.join(&file), self.setting.limits) {
                Ok(policy) => {
                    if self.selects(&file, &policy)? {
                        usable.push((file, policy));
                    }
                }
                Err(what) => {
                    let detail = format!("the policy {file} is malformed: {what}");
                    match self.setting.dialect {
                        Dialect::Described => {
                            self.push(codes::DEB_POLICY_MALFORMED, detail);
                        }
                        Dialect::Program => self.note(codes::DEB_POLICY_MALFORMED, detail),
                    }
                }
            }
        }
        Ok(usable)
    }

    /// Whether a policy is for this package. Nothing is verified for that.
    fn selects(&mut self, file: &str, policy: &Policy) -> Result<bool> {
        if !self.is_origin(&policy.id) {
            let detail = format!(
                "the policy {file} is not used: its Origin is {}, and the package names {}",
                policy.id, self.issuer
            );
            self.note(codes::DEB_POLICY_NONE, detail);
            return Ok(false);
        }
        for (number, block) in policy.selections.iter().enumerate() {
            let mut optional = 0;
            for rule in &block.rules {
                match self.selected_by(rule)? {
                    None => {
                        let detail = format!(
                            "the policy {file} is not used: Selection {} asks for {rule}",
                            number + 1
                        );
                        self.note(codes::DEB_POLICY_NONE, detail);
                        return Ok(false);
                    }
                    Some(present) => {
                        optional += u32::from(present && rule.kind == Kind::Optional);
                    }
                }
            }
            if optional < block.minimum_optional {
                let detail = format!(
                    "the policy {file} is not used: Selection {} asks for {} optional signatures",
                    number + 1,
                    block.minimum_optional
                );
                self.note(codes::DEB_POLICY_NONE, detail);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a rule lets a policy be used, and whether its signature is there.
    fn selected_by(&self, rule: &Rule) -> Result<Option<bool>> {
        let present = self.package.layout.signature(&rule.role.member()).is_some();
        match self.setting.dialect {
            Dialect::Described => {
                if rule.kind == Kind::Reject {
                    return Ok((!present).then_some(false));
                }
                let present = match &rule.id {
                    Some(id) if present => self.named(rule, id)?,
                    _ => present,
                };
                Ok((present || rule.kind == Kind::Optional).then_some(present))
            }
            Dialect::Program => {
                let Some(keyring) = self.keyring(rule)?.and_then(std::result::Result::ok) else {
                    return Ok(None);
                };
                let found = match &rule.id {
                    Some(id) => self
                        .issuer_of(&rule.role)
                        .is_some_and(|issuer| self.same(&keyring, id, &issuer)),
                    None => self.same(&keyring, &self.issuer, &self.issuer),
                };
                let wrong = match rule.kind {
                    Kind::Required => !present,
                    Kind::Reject => present,
                    Kind::Optional => false,
                };
                Ok((found && !wrong).then_some(present))
            }
        }
    }
}
