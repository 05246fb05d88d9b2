//! Keyhints: certificates that zypper imports because repomd.xml says so.
//!
//! `<tags><content>gpg-pubkey-ID-CREATED.asc?fpr=FINGERPRINT</content></tags>` announces a
//! file beside the metadata. What leads elsewhere has been an attack (CVE-2026-44941), and
//! what names no full fingerprint announces whatever is found there.

use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::Finding;

use super::REPOMD;
use super::xml::read_tree;
use crate::codes;

/// What begins a keyhint.
const PREFIX: &str = "gpg-pubkey-";

/// What is wrong with the keyhints of a `repomd.xml`. One that cannot be read as XML has
/// none.
pub(crate) fn lint(bytes: &[u8]) -> Vec<Finding> {
    let Ok(repomd) = read_tree(bytes, "repomd") else {
        return Vec::new();
    };
    repomd
        .all("tags")
        .flat_map(|tags| tags.all("content"))
        .map(|content| content.text())
        .filter(|text| text.contains("gpg-pubkey"))
        .filter_map(|text| {
            let what = wrong(text)?;
            let detail = format!("the keyhint {text} {what}");
            Some(Finding::reject(codes::KEYHINT, REPOMD, detail).hint(
                "write it as gpg-pubkey-ID-CREATED.asc?fpr=FINGERPRINT, the file beside repomd.xml",
            ))
        })
        .collect()
}

fn wrong(text: &str) -> Option<&'static str> {
    let Some((file, query)) = text.split_once('?') else {
        return Some("names no fingerprint");
    };
    let parts = file
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(".asc"))
        .and_then(|rest| rest.split_once('-'));
    let hexadecimal = |part: &str, lengths: &[usize]| {
        lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let named = parts.is_some_and(|(id, created)| {
        hexadecimal(id, &[8, 16, 40, 64]) && hexadecimal(created, &[8])
    });
    if !named {
        return Some("leads elsewhere than to a certificate beside repomd.xml");
    }
    let fingerprint = query.strip_prefix("fpr=").and_then(Fingerprint::parse);
    if fingerprint.is_none() {
        return Some("names no full fingerprint");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints(text: &str) -> usize {
        let xml = format!(
            "<repomd><revision>1</revision><tags><content>{text}</content>\
             <repo>gpg-pubkey-not-looked-at</repo></tags></repomd>"
        );
        lint(xml.as_bytes()).len()
    }

    #[test]
    fn keyhints_lead_nowhere_else() {
        let fingerprint = "0123456789ABCDEF0123456789ABCDEF01234567";
        assert_eq!(
            hints(&format!(
                "gpg-pubkey-89abcdef-5f0c1d2e.asc?fpr={fingerprint}"
            )),
            0
        );
        assert_eq!(hints("OSS"), 0);
        for text in [
            "gpg-pubkey-89abcdef-5f0c1d2e.asc".to_owned(),
            "gpg-pubkey-89abcdef-5f0c1d2e.asc?fpr=89ABCDEF".to_owned(),
            "gpg-pubkey-89abcdef-5f0c1d2e.asc?fpr=".to_owned(),
            format!("../gpg-pubkey-89abcdef-5f0c1d2e.asc?fpr={fingerprint}"),
            format!("gpg-pubkey-../../x-5f0c1d2e.asc?fpr={fingerprint}"),
            format!("gpg-pubkey-89abcdef-../../x.asc?fpr={fingerprint}"),
            format!("/etc/gpg-pubkey-89abcdef-5f0c1d2e.asc?fpr={fingerprint}"),
            format!("https://evil.example/gpg-pubkey-89abcdef-5f0c1d2e.asc?fpr={fingerprint}"),
            format!("gpg-pubkey-89abcdef-5f0c1d2e.asc?fpr={fingerprint}&amp;x=1"),
        ] {
            assert_eq!(hints(&text), 1, "{text}");
        }
        assert!(lint(b"<hello/>").is_empty() && lint(b"\xff").is_empty());
    }
}
