//! From one form of trust to another, with an account of what is lost.

use jiff::Timestamp;
use pkgseal_openpgp::{Certificates, Fingerprint, Profile};
use pkgseal_repo::{DigestAlgorithm, Finding};

use super::gradle::VerificationMetadata;
use super::keysmap::Keysmap;
use super::{Allow, Pattern, Rule, Text, Trust, Versions, checksums, keys, keysmap};
use crate::codes;

/// A form of trust file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// pgpverify-maven-plugin's.
    Keysmap,
    /// Gradle's `verification-metadata.xml`.
    Gradle,
    /// Certificates: a `KEYS` file, a keyring of Gradle's.
    Keys,
    /// Trusted checksums of Maven's resolver.
    Checksums(DigestAlgorithm),
}

/// Reads a trust file, and says what of it no rule can say.
///
/// # Errors
/// A finding where it is not of this form.
pub fn read(form: Form, bytes: &[u8]) -> Result<(Trust, Vec<Finding>), Finding> {
    let text = || {
        str::from_utf8(bytes)
            .map_err(|_| Finding::reject(codes::TRUST_MALFORMED, "", "it is not UTF-8"))
    };
    Ok(match form {
        Form::Keysmap => (Keysmap::parse(text()?)?.trust(), Vec::new()),
        Form::Gradle => VerificationMetadata::parse(text()?)?.trust(),
        Form::Keys => {
            let (certificates, findings) = keys::read(bytes);
            let trust = Trust {
                certificates,
                ..Trust::default()
            };
            (trust, findings)
        }
        Form::Checksums(algorithm) => {
            let trust = Trust {
                checksums: checksums::read_summary(text()?, algorithm)?,
                ..Trust::default()
            };
            (trust, Vec::new())
        }
    })
}

/// Writes trust in another form, and says what it lost. `known` are certificates at hand:
/// a `KEYS` file needs them, and Gradle must be told of signing subkeys. Certificates
/// without rules, from a `KEYS` file, are trusted for `scope`.
pub fn convert(
    trust: &Trust,
    form: Form,
    known: &Certificates,
    scope: Option<&Pattern>,
    now: Timestamp,
) -> (Vec<u8>, Vec<Finding>) {
    let mut trust = trust.clone();
    let mut lost = Vec::new();
    if trust.rules.is_empty() && !trust.certificates.is_empty() && form != Form::Keys {
        match scope {
            Some(pattern) => trust.rules.push(Rule {
                pattern: pattern.clone(),
                allows: trust
                    .certificates
                    .iter()
                    .map(|certificate| Allow::Key(certificate.fingerprint().to_string()))
                    .collect(),
            }),
            None => lost.push(
                Finding::warning(
                    codes::TRUST_LOST,
                    "",
                    "certificates alone do not say what they may sign",
                )
                .hint("say it with --group, for example --group org.example.*"),
            ),
        }
    }
    let at_hand = Certificates::new(known.iter().chain(&trust.certificates).cloned());
    let text = match form {
        Form::Keysmap => {
            lost.extend(without_checksums(&trust));
            let (text, more) = keysmap::write(&trust);
            lost.extend(more);
            text.into_bytes()
        }
        Form::Gradle => {
            lost.extend(add_subkeys(&mut trust, &at_hand, now));
            let (document, more) = VerificationMetadata::of(&trust);
            lost.extend(more);
            document.to_xml().into_bytes()
        }
        Form::Keys => {
            lost.extend(without_checksums(&trust));
            lost.extend(scopes_lost(&trust));
            let wanted = trust.fingerprints();
            let (found, missing) = certificates(&trust, &wanted, &at_hand);
            lost.extend(missing);
            keys::write(found.iter())
        }
        Form::Checksums(algorithm) => {
            for rule in &trust.rules {
                lost.push(self::lost(&rule.pattern, "checksums know no keys"));
            }
            let (text, more) = checksums::write_summary(&trust.checksums, algorithm);
            lost.extend(more);
            text.into_bytes()
        }
    };
    (text, lost)
}

/// Something that cannot be said in another form.
pub(super) fn lost(pattern: &Pattern, what: &str) -> Finding {
    Finding::warning(codes::TRUST_LOST, describe(pattern), what)
}

fn describe(pattern: &Pattern) -> String {
    let text = |text: &Text| match text {
        Text::Any => "*".to_owned(),
        Text::Exact(text) | Text::Glob(text) | Text::Regex(text) => text.clone(),
        Text::Below(group) => format!("{group}.*"),
    };
    let versions = match &pattern.versions {
        Versions::Any => "*".to_owned(),
        Versions::Exact(text) | Versions::Equal(text) | Versions::Range(text) => text.clone(),
        Versions::Regex(text) => format!("~{text}"),
        Versions::NotRegex(text) => format!("!~{text}"),
    };
    let mut parts = vec![text(&pattern.group), text(&pattern.artifact)];
    parts.extend([text(&pattern.packaging), text(&pattern.classifier)]);
    parts.extend([versions, text(&pattern.file)]);
    while parts.len() > 1 && parts.last().is_some_and(|part| part == "*") {
        parts.pop();
    }
    parts.join(":")
}

fn without_checksums(trust: &Trust) -> Option<Finding> {
    let (first, _) = trust.checksums.first()?;
    Some(Finding::warning(
        codes::TRUST_LOST,
        first.as_str(),
        format!(
            "this form knows no checksums: {} are lost",
            trust.checksums.len()
        ),
    ))
}

fn scopes_lost(trust: &Trust) -> Option<Finding> {
    let everything = |rule: &Rule| rule.pattern == Pattern::everything();
    (!trust.rules.iter().all(everything)).then(|| {
        Finding::warning(
            codes::TRUST_LOST,
            "",
            "certificates alone do not say what they may sign: every scope is lost",
        )
    })
}

/// Gradle takes a key for itself alone: a primary key needs its signing subkeys beside it.
fn add_subkeys(trust: &mut Trust, at_hand: &Certificates, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let profile = Profile::strict();
    for rule in &mut trust.rules {
        let mut more = Vec::new();
        for allow in &rule.allows {
            let Allow::Key(key) = allow else { continue };
            let Some(fingerprint) = Fingerprint::parse(key) else {
                continue;
            };
            let Some(certificate) = at_hand.get(&fingerprint) else {
                continue;
            };
            let signing = certificate
                .keys(&profile, now)
                .into_iter()
                .filter(|key| !key.primary && key.capabilities.contains(&"sign"));
            more.extend(signing.map(|key| Allow::Key(key.fingerprint.to_string())));
        }
        more.retain(|allow| !rule.allows.contains(allow));
        for allow in &more {
            if let Allow::Key(key) = allow {
                findings.push(Finding::note(
                    codes::TRUST_SUBKEY,
                    key.as_str(),
                    "Gradle does not take a primary key's word for its subkeys: this signing subkey was added",
                ));
            }
        }
        rule.allows.extend(more);
    }
    findings.dedup();
    findings
}

fn certificates(
    trust: &Trust,
    wanted: &[Fingerprint],
    at_hand: &Certificates,
) -> (Certificates, Vec<Finding>) {
    let mut missing = Vec::new();
    let mut found: Vec<_> = trust.certificates.clone();
    for fingerprint in wanted {
        let whose = at_hand.get(fingerprint).cloned().or_else(|| {
            let profile = Profile::strict();
            at_hand
                .iter()
                .find(|certificate| {
                    let keys = certificate.keys(&profile, Timestamp::UNIX_EPOCH);
                    keys.iter().any(|key| key.fingerprint == *fingerprint)
                })
                .cloned()
        });
        match whose {
            Some(certificate) => found.push(certificate),
            None => missing.push(
                Finding::warning(
                    codes::TRUST_LOST,
                    fingerprint.to_string(),
                    "no certificate for it is at hand",
                )
                .hint("give one with --keyring"),
            ),
        }
    }
    (Certificates::new(found), missing)
}

#[cfg(test)]
mod tests {
    use pkgseal_testkit::keys as test_keys;

    use super::*;

    fn now() -> Timestamp {
        test_keys::time(test_keys::NOW)
    }

    fn to(trust: &Trust, form: Form, known: &[&str]) -> (Vec<u8>, Vec<Finding>) {
        let known = test_keys::certificates(known);
        convert(trust, form, &known, None, now())
    }

    fn keysmap(text: &str) -> Trust {
        read(Form::Keysmap, text.as_bytes()).unwrap().0
    }

    #[test]
    fn a_keysmap_becomes_gradles_and_tells_what_it_cannot() {
        let primary = test_keys::load("good").fingerprint();
        let subkey = test_keys::load("good").signing_fingerprint();
        assert_ne!(primary, subkey);
        let trust = keysmap(&format!(
            "org.example = 0x{primary}\norg.example:lib:pom:1.0 = 0x{primary}\n\
             com.fast.* = 0x{primary}\norg.old = noSig\norg.any = any\n\
             org.range:*:[1,2) = 0x{primary}\norg.short = 0x0123456789ABCDEF\n\
             org.bad = badSig\norg.gone = !0x{primary}\norg.lost = noKey\n"
        ));
        let (xml, lost) = to(&trust, Form::Gradle, &["good"]);
        let (back, _) = read(Form::Gradle, &xml).unwrap();
        let subkeys = lost
            .iter()
            .filter(|finding| finding.code == codes::TRUST_SUBKEY);
        assert!(subkeys.count() >= 1);
        let told: Vec<_> = lost
            .iter()
            .filter(|f| f.code == codes::TRUST_LOST)
            .collect();
        assert_eq!(told.len(), 7, "{told:#?}");
        assert_eq!(back.fingerprints().len(), 2);
        // Nothing more is trusted than before, and what could be said is.
        let of = |path: &str| {
            let path = pkgseal_repo::SafePath::new(path).unwrap();
            crate::Coordinates::of(&path).unwrap()
        };
        for (path, allowed) in [
            ("org/example/lib/2.0/lib-2.0.jar", true),
            ("com/fast/x/1/x-1.jar", true),
            ("com/fast/sub/x/1/x-1.jar", true),
            ("com/faster/x/1/x-1.jar", false),
            ("org/old/x/1/x-1.jar", false),
            ("org/range/x/1.5/x-1.5.jar", false),
        ] {
            let key = Allow::Key(subkey.clone());
            let found = of(path);
            assert_eq!(
                back.allows(&found).any(|allow| *allow == key),
                allowed,
                "{path}"
            );
        }
        let (text, lost) = to(&back, Form::Keysmap, &[]);
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.contains(&format!("org.example = 0x{primary}")),
            "{text}"
        );
        assert!(!lost.is_empty(), "expressions are lost");
    }

    #[test]
    fn the_public_keysmap_becomes_gradles() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/vectors/maven/pgp-keys-map.list"
        );
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("SKIP: the public keysmap is not here");
            return;
        };
        let trust = keysmap(&text);
        let (xml, lost) = to(&trust, Form::Gradle, &[]);
        let (back, _) = read(Form::Gradle, &xml).unwrap();
        println!("{} rules, {} losses", back.rules.len(), lost.len());
        assert!(lost.len() >= 188, "every noSig and every range is told");
        assert!(back.rules.len() > 400);
    }

    #[test]
    fn certificates_come_and_go() {
        let trust = keysmap(&format!(
            "org.example = 0x{}, 0x{}\n",
            test_keys::load("good").signing_fingerprint(),
            test_keys::load("stranger").fingerprint()
        ));
        let (bytes, lost) = to(&trust, Form::Keys, &["good"]);
        let (back, _) = read(Form::Keys, &bytes).unwrap();
        assert_eq!(back.certificates.len(), 1);
        assert_eq!(lost.len(), 2, "the scope and the stranger: {lost:?}");
        // Back again only with a scope.
        let (text, lost) = to(&back, Form::Keysmap, &[]);
        assert_eq!((text.len(), lost.len()), (0, 1));
        let scope = Keysmap::parse("org.example.* = any").unwrap().trust();
        let pattern = &scope.rules[0].pattern;
        let (text, lost) = convert(
            &back,
            Form::Keysmap,
            &Certificates::default(),
            Some(pattern),
            now(),
        );
        let expected = format!(
            "org.example.* = 0x{}\n",
            test_keys::load("good").fingerprint()
        );
        assert_eq!(String::from_utf8(text).unwrap(), expected);
        assert_eq!(lost, []);
    }

    #[test]
    fn checksums_go_to_gradle_and_back() {
        let sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let text = format!("{sum}  org/example/lib/1.0/lib-1.0.jar\n");
        let form = Form::Checksums(DigestAlgorithm::Sha256);
        let (trust, _) = read(form, text.as_bytes()).unwrap();
        let (xml, lost) = to(&trust, Form::Gradle, &[]);
        assert_eq!(lost, []);
        let (back, _) = read(Form::Gradle, &xml).unwrap();
        let (again, lost) = to(&back, form, &[]);
        assert_eq!((String::from_utf8(again).unwrap(), lost), (text, vec![]));
        assert_eq!(to(&back, Form::Keysmap, &[]).1.len(), 1);
        assert_eq!(
            to(&back, Form::Checksums(DigestAlgorithm::Md5), &[])
                .1
                .len(),
            1
        );
        for nonsense in [&b"\xff"[..], b"x"] {
            assert!(read(form, nonsense).is_err());
            assert!(read(Form::Keysmap, nonsense).is_err());
            assert!(read(Form::Gradle, nonsense).is_err());
        }
    }
}
