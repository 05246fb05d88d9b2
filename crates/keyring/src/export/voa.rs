//! The File Hierarchy for the Verification of OS Artifacts.

use pkgseal_openpgp::Certificates;

use super::{Exported, file, plain};
use crate::Result;
use crate::store::Encoding;

/// Where in the hierarchy verifiers stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoaPlace {
    /// The system: `debian`, `debian:13`, `fedora:43`.
    pub os: String,
    /// What is verified: `package`, `repository-metadata`, `image`.
    pub purpose: String,
    /// Which part of that: `default`, or the name of a repository.
    pub context: String,
}

impl VoaPlace {
    pub(super) fn tree(&self, certificates: &Certificates) -> Result<Exported> {
        let Self {
            os,
            purpose,
            context,
        } = self;
        lower("os", os, "._:-")?;
        lower("purpose", purpose, "._-")?;
        lower("context", context, "._-")?;
        let files = certificates
            .iter()
            .map(|certificate| {
                let name = certificate.fingerprint().as_str().to_ascii_lowercase();
                let path = format!("{os}/{purpose}/{context}/openpgp/{name}.openpgp");
                file(&path, Encoding::Binary, certificate)
            })
            .collect::<Result<_>>()?;
        Ok(Exported {
            files,
            ..Exported::default()
        })
    }
}

fn lower(field: &'static str, text: &str, more: &str) -> Result<()> {
    plain(field, text, more)?;
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(crate::Error::Request {
            field,
            reason: format!("`{text}` has capital letters, which the hierarchy does not allow"),
        });
    }
    Ok(())
}
