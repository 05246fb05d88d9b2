//! Web Key Directories.

use std::collections::{BTreeMap, BTreeSet};

use openpgp::types::HashAlgorithm;
use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::{Finding, SafePath};
use sequoia_openpgp as openpgp;

use super::{Exported, zbase32};
use crate::address::{Address, is_domain};
use crate::canonical::{Extent, Wanted, canonical, cert};
use crate::codes::tools as codes;
use crate::store::KeyringFile;
use crate::{Error, Result};

/// Where clients look (draft-koch-openpgp-webkey-service, 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WkdMethod {
    /// `https://openpgpkey.DOMAIN/.well-known/openpgpkey/DOMAIN/hu/…`: tried first, and any
    /// number of domains on one host.
    Advanced,
    /// `https://DOMAIN/.well-known/openpgpkey/hu/…`: one domain.
    Direct,
}

const ROOT: &str = ".well-known/openpgpkey";

pub(super) fn tree(
    method: WkdMethod,
    domains: &[String],
    certificates: &Certificates,
) -> Result<Exported> {
    let wanted = wanted(domains)?;
    let mut found: BTreeMap<(String, String), Vec<Certificate>> = BTreeMap::new();
    let mut findings = Vec::new();
    for certificate in certificates.iter() {
        let addresses = served(certificate, &mut findings)?;
        let of_domains: BTreeSet<_> = addresses
            .into_iter()
            .filter(|address| wanted.is_empty() || wanted.contains(address.domain()))
            .map(|address| (address.domain().to_owned(), address.lower_local()))
            .collect();
        if of_domains.is_empty() {
            let detail = "no user ID of its own has a mail address to serve it under";
            let subject = certificate.fingerprint().to_string();
            findings.push(Finding::warning(codes::NO_ADDRESS, subject, detail));
        }
        for (domain, local) in of_domains {
            let one = canonical(
                certificate,
                &Wanted {
                    user_id: &|text| {
                        Address::of(text).is_some_and(|address| {
                            address.domain() == domain && address.lower_local() == local
                        })
                    },
                    ..Wanted::all(Extent::Minimal)
                },
            )?;
            let place = found.entry((domain, local)).or_default();
            place.push(one.certificate);
        }
    }
    let served: BTreeSet<&str> = found.keys().map(|(domain, _)| domain.as_str()).collect();
    if method == WkdMethod::Direct && served.len() > 1 {
        let names: Vec<&str> = served.into_iter().collect();
        return Err(Error::Request {
            field: "domain",
            reason: format!(
                "the direct method serves one domain from its own host, and here are {}: name one, or take the advanced method",
                names.join(", ")
            ),
        });
    }
    let mut files = Vec::new();
    for domain in served {
        files.push(KeyringFile {
            path: SafePath::new(&format!("{}/policy", root(method, domain)))?,
            content: Vec::new(),
            certificates: Vec::new(),
        });
    }
    for ((domain, local), certificates) in &mut found {
        // As in every keyring: old readers stop at a certificate of version 6.
        certificates.sort_by_key(Certificate::version);
        let path = format!("{}/hu/{}", root(method, domain), hashed(local)?);
        files.push(KeyringFile {
            path: SafePath::new(&path)?,
            content: certificates
                .iter()
                .flat_map(Certificate::to_binary)
                .collect(),
            certificates: certificates.clone(),
        });
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(Exported { files, findings })
}

fn wanted(domains: &[String]) -> Result<BTreeSet<String>> {
    domains
        .iter()
        .map(|domain| {
            let lower = domain.to_ascii_lowercase();
            if is_domain(&lower) {
                return Ok(lower);
            }
            Err(Error::Request {
                field: "domain",
                reason: format!("`{domain}` is no domain such as example.org"),
            })
        })
        .collect()
}

fn root(method: WkdMethod, domain: &str) -> String {
    match method {
        WkdMethod::Advanced => format!("{ROOT}/{domain}"),
        WkdMethod::Direct => ROOT.to_owned(),
    }
}

/// The addresses of user IDs that the certificate's own key signed and did not revoke.
fn served(certificate: &Certificate, findings: &mut Vec<Finding>) -> Result<Vec<Address>> {
    let cert = cert(certificate)?;
    let mut addresses = Vec::new();
    for user_id in cert.userids() {
        let value = user_id.userid().value();
        let mut skip = |why: &str| {
            let text = String::from_utf8_lossy(value);
            let detail = format!("the user ID {text} is not served: {why}");
            let subject = certificate.fingerprint().to_string();
            findings.push(Finding::note(codes::NO_ADDRESS, subject, detail));
        };
        if user_id.self_revocations().next().is_some() {
            skip("it is revoked");
        } else if user_id.self_signatures().next().is_none() {
            skip("the certificate's own key did not sign it");
        } else if let Some(address) = Address::of(value) {
            addresses.push(address);
        } else {
            skip("there is no plain mail address in it");
        }
    }
    Ok(addresses)
}

/// The name of the file for a local part, in lower case already.
fn hashed(local: &str) -> Result<String> {
    let digest = || -> openpgp::Result<Vec<u8>> {
        // Not for security: the name is a table key.
        let mut context = HashAlgorithm::SHA1.context()?.for_digest();
        context.update(local.as_bytes());
        context.into_digest()
    };
    match digest() {
        Ok(digest) => Ok(zbase32::encode(&digest)),
        Err(error) => Err(Error::Request {
            field: "local part",
            reason: error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::hashed;

    #[test]
    fn the_example_of_the_draft() {
        assert_eq!(
            hashed("joe.doe").unwrap(),
            "iy9q119eutrkn8s1mk4r39qejnbu3n5q"
        );
    }
}
