//! Signatures on single files, IMA and fs-verity: counted and named, not verified. They
//! are for the kernel of whoever installs the package.

use std::collections::BTreeMap;

use pkgseal_repo::{Finding, hex};

use super::read::Head;
use crate::codes;
use crate::tag::{HeaderTag, SignatureTag};

/// Signatures of one kind, of some files of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileSignatures {
    /// `IMA` or `fs-verity`.
    pub(crate) kind: &'static str,
    /// How many files have one.
    pub(crate) signed: usize,
    /// How many elements there are: one for each file.
    pub(crate) files: usize,
    /// What is said of them, and how often: digest, and for IMA the key.
    pub(crate) by: BTreeMap<String, usize>,
}

impl FileSignatures {
    /// In a line.
    pub(crate) fn describe(&self) -> String {
        let by: Vec<_> = self
            .by
            .iter()
            .map(|(by, count)| format!("{count} {by}"))
            .collect();
        format!("{} of {} files: {}", self.signed, self.files, by.join(", "))
    }
}

/// All of them, and what is odd about them.
pub(crate) fn collect(head: &Head) -> (Vec<FileSignatures>, Vec<Finding>) {
    let mut found = Vec::new();
    let mut findings = Vec::new();
    for (kind, tag, element) in [
        (
            "IMA",
            SignatureTag::FILESIGNATURES,
            ima as fn(&[u8]) -> Result<String, String>,
        ),
        ("fs-verity", SignatureTag::VERITYSIGNATURES, verity),
    ] {
        let index = &head.signature_index;
        let Some(elements) = index.strings(head.signature(), tag.0) else {
            continue;
        };
        let odd = |detail: String| {
            Finding::warning(codes::FILE_SIGNATURES, "", format!("{tag}: {detail}"))
        };
        let mut all = FileSignatures {
            kind,
            signed: 0,
            files: 0,
            by: BTreeMap::new(),
        };
        for (number, text) in elements.enumerate() {
            all.files += 1;
            // Directories and links have none.
            if text.is_empty() {
                continue;
            }
            all.signed += 1;
            let read = unhex(text)
                .ok_or_else(|| "not hexadecimal in lower case".to_owned())
                .and_then(|bytes| element(&bytes));
            match read {
                Ok(by) => *all.by.entry(by).or_default() += 1,
                Err(what) => {
                    *all.by.entry("unreadable".to_owned()).or_default() += 1;
                    // One is enough to say.
                    if all.by.get("unreadable") == Some(&1) {
                        findings.push(odd(format!("element {number}: {what}")));
                    }
                }
            }
        }
        let files = head
            .main_index
            .find(HeaderTag::BASENAMES.0)
            .map_or(0, |entry| entry.count);
        if files != all.files {
            findings.push(odd(format!(
                "{} elements, where the package has {files} files",
                all.files
            )));
        }
        if kind == "fs-verity" {
            let algorithm = index.integer(head.signature(), SignatureTag::VERITYSIGNATUREALGO.0);
            let name = match algorithm {
                Some(1) => "SHA-256".to_owned(),
                Some(2) => "SHA-512".to_owned(),
                Some(other) => format!("digest {other}"),
                None => "no digest stated".to_owned(),
            };
            all.by = all
                .by
                .into_iter()
                .map(|(by, count)| (format!("{by} with {name}"), count))
                .collect();
        }
        found.push(all);
    }
    (found, findings)
}

/// `03 02 HASH KEYID(4) LENGTH(2) SIGNATURE`: EVM_IMA_XATTR_DIGSIG, version 2.
fn ima(bytes: &[u8]) -> Result<String, String> {
    let [3, 2, hash, k0, k1, k2, k3, l0, l1, signature @ ..] = bytes else {
        return Err("no IMA signature (03 02 …)".to_owned());
    };
    let length = usize::from(u16::from_be_bytes([*l0, *l1]));
    if length != signature.len() || length == 0 {
        return Err(format!(
            "it announces {length} bytes of signature and has {}",
            signature.len()
        ));
    }
    // The kernel's numbers (include/uapi/linux/hash_info.h).
    let hash = match hash {
        1 => "MD5",
        2 => "SHA-1",
        4 => "SHA-256",
        5 => "SHA-384",
        6 => "SHA-512",
        7 => "SHA-224",
        other => return Err(format!("unknown hash algorithm {other}")),
    };
    Ok(format!(
        "by key {k0:02x}{k1:02x}{k2:02x}{k3:02x} with {hash}"
    ))
}

/// A detached PKCS #7 signature in DER.
fn verity(bytes: &[u8]) -> Result<String, String> {
    match bytes {
        [0x30, _, ..] => Ok("PKCS #7".to_owned()),
        _ => Err("no PKCS #7 signature".to_owned()),
    }
}

/// rpm writes the lower case.
fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let upper = text.iter().any(u8::is_ascii_uppercase);
    hex::decode(text).filter(|_| !upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ima_signatures_name_key_and_digest() {
        let read = |hex: &str| ima(&unhex(hex.as_bytes()).unwrap());
        assert_eq!(
            read("030204deadbeef0002aabb"),
            Ok("by key deadbeef with SHA-256".to_owned())
        );
        for broken in [
            "",
            "0302",
            "030104deadbeef0002aabb",
            "040204deadbeef0002aabb",
            "0302ffdeadbeef0002aabb",
            "030204deadbeef0003aabb",
            "030204deadbeef0001aabb",
            "030204deadbeef0000",
        ] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn hexadecimal_is_strict() {
        assert_eq!(unhex(b"00ff"), Some(vec![0, 255]));
        for text in [&b"0"[..], b"0g", b"FF", b" 0"] {
            assert_eq!(unhex(text), None);
        }
    }
}
