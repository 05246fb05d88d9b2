//! Named, explained policy: data, not code. See `profiles/*.toml`.

use std::sync::Arc;

use jiff::Timestamp;
use pkgseal_repo::{DataFiles, Until};

use crate::algorithm::Algorithm;
use crate::{Fingerprint, Result};

mod rules;

use rules::{BesideGood, ObjectRule, Rules};
pub(crate) use rules::{TextForm, Weight};

const PROFILES: DataFiles = DataFiles::new(
    "profile",
    &[
        ("strict", include_str!("../profiles/strict.toml")),
        ("legacy", include_str!("../profiles/legacy.toml")),
        (
            "maven-central",
            include_str!("../profiles/maven-central.toml"),
        ),
        (
            "maven-legacy",
            include_str!("../profiles/maven-legacy.toml"),
        ),
        ("gradle", include_str!("../profiles/gradle.toml")),
        ("rpm-4.18", include_str!("../profiles/rpm-4.18.toml")),
        ("rpm-6", include_str!("../profiles/rpm-6.toml")),
    ],
);

/// What kind of object a signature is on; profiles may differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// Release, InRelease, repomd.xml: alive *now* is needed by default.
    Repository,
    /// .deb and .rpm.
    Package,
    /// Any other file with a detached signature.
    Artifact,
    /// .changes, and what a .changes brings along: a request made today, so alive *now* is
    /// needed by default, and old signatures are replayed ones.
    Upload,
}

impl Object {
    fn table(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Package => "package",
            Self::Artifact => "artifact",
            Self::Upload => "upload",
        }
    }
}

/// A policy that turns facts into a verdict. Cheap to clone.
#[derive(Clone)]
pub struct Profile {
    rules: Arc<Rules>,
    text: Arc<str>,
    allowed: Arc<[Fingerprint]>,
    threshold: usize,
}

/// What a rule says, and how to cite it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cited<T> {
    pub(crate) value: T,
    /// `profile strict: digest.sha1.data = "never" (why)`; may be empty of what is accepted.
    pub(crate) line: String,
}

/// What a digest is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Data,
    SelfSignature,
    /// A self-signature on what leaves room for a collision: a user ID of more than 96
    /// bytes, a picture.
    LongUserId,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile")
            .field("name", &self.rules.name)
            .field("allowed", &self.allowed)
            .field("threshold", &self.threshold)
            .finish_non_exhaustive()
    }
}

impl Profile {
    /// The default: see `profiles/strict.toml`.
    pub fn strict() -> Self {
        // Whoever signs asks for it with every file.
        static STRICT: std::sync::LazyLock<Profile> = std::sync::LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "a test parses every embedded profile")]
            Profile::named("strict").expect("the embedded profile parses")
        });
        STRICT.clone()
    }

    /// An embedded profile by name (`strict`, `legacy`, `maven-central`…).
    ///
    /// # Errors
    /// [`Error::Profile`](crate::Error::Profile), naming those there are.
    pub fn named(name: &str) -> Result<Self> {
        Self::parse(name, PROFILES.text(name)?)
    }

    /// Parses a profile file.
    ///
    /// # Errors
    /// [`Error::Profile`](crate::Error::Profile) with the field.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let wrong = |reason: String| PROFILES.malformed(name, reason);
        let rules: Rules = PROFILES.parse(name, text)?;
        if rules.threshold == 0 {
            let reason = "threshold: 0 would accept unsigned files; at least 1";
            return Err(wrong(reason.to_owned()).into());
        }
        let allowed = rules
            .allowed
            .certificates
            .iter()
            .map(|text| {
                Fingerprint::parse(text).ok_or_else(|| {
                    wrong(format!(
                        "allowed.certificates: `{text}` is not a full fingerprint (40 or 64 hexadecimal digits)"
                    ))
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            threshold: rules.threshold,
            allowed: allowed.into(),
            rules: Arc::new(rules),
            text: text.into(),
        })
    }

    /// The same profile with some of its fields changed: `text` holds those alone, in the
    /// tables of a profile's file. [`Profile::text`] stays that of the whole profile.
    ///
    /// # Errors
    /// [`Error::Profile`](crate::Error::Profile) with the field.
    pub fn overlaid(&self, name: &str, text: &str) -> Result<Self> {
        let mut rules: Rules = PROFILES.overlay(name, &self.text, text)?;
        name.clone_into(&mut rules.name);
        Ok(Self {
            rules: Arc::new(rules),
            ..self.clone()
        })
    }

    /// Names and texts of the embedded profiles.
    pub fn embedded() -> &'static [(&'static str, &'static str)] {
        PROFILES.all()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.rules.name
    }

    /// What it is for, in a line.
    pub fn summary(&self) -> &str {
        &self.rules.summary
    }

    /// The file it was read from, comments and all.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same profile, accepting only these certificates' signatures. A fingerprint may
    /// also be that of one signing subkey.
    #[must_use]
    pub fn allowing(mut self, fingerprints: Vec<Fingerprint>) -> Self {
        self.allowed = fingerprints.into();
        self
    }

    /// The same profile asking for good signatures by this many distinct certificates (at
    /// least one).
    #[must_use]
    pub fn threshold(mut self, count: usize) -> Self {
        self.threshold = count.max(1);
        self
    }

    pub(crate) fn needed(&self) -> usize {
        self.threshold.max(1)
    }

    pub(crate) fn threshold_line(&self) -> String {
        self.cite(&format!("threshold = {}", self.needed()), "")
    }

    /// Whether signatures by this key count: everybody's where nobody is named.
    pub(crate) fn allows(&self, certificate: &Fingerprint, key: &Fingerprint) -> bool {
        self.allowed.is_empty()
            || self
                .allowed
                .iter()
                .any(|allowed| allowed == certificate || allowed == key)
    }

    pub(crate) fn allowed_line(&self) -> String {
        self.cite("allowed.certificates", "only the listed ones count")
    }

    pub(crate) fn skew(&self) -> Cited<u32> {
        let seconds = self.rules.clock_skew_seconds;
        Cited {
            value: seconds,
            line: self.cite(&format!("clock-skew-seconds = {seconds}"), ""),
        }
    }

    pub(crate) fn bad_beside_good_rejects(&self) -> Cited<bool> {
        let rule = &self.rules.bad_signature;
        let (value, word) = match rule.beside_good {
            BesideGood::Reject => (true, "reject"),
            BesideGood::Ignore => (false, "ignore"),
        };
        Cited {
            value,
            line: self.cite(
                &format!("bad-signature.beside-good = \"{word}\""),
                &rule.explain,
            ),
        }
    }

    /// Whether a digest is accepted for this use in a signature made then.
    pub(crate) fn digest(&self, rule: &str, used: Use, made: Option<Timestamp>) -> Cited<bool> {
        let Some(found) = self.rules.digest.get(rule) else {
            return self.unlisted("digest", rule);
        };
        let (field, when) = match used {
            Use::Data => ("data", found.data),
            Use::SelfSignature => ("self-signature", found.self_signature),
            Use::LongUserId => match found.long_user_id {
                Some(when) => ("long-user-id", when),
                None => ("self-signature", found.self_signature),
            },
        };
        self.unless(held(when, made), &found.explain, || {
            format!("digest.{rule}.{field} = \"{when}\"")
        })
    }

    /// Whether a key of this algorithm and size is accepted in a signature made then.
    pub(crate) fn public_key(&self, algorithm: &Algorithm, made: Option<Timestamp>) -> Cited<bool> {
        let name = algorithm.rule;
        let Some(rule) = self.rules.public_key.get(name) else {
            return self.unlisted("public-key", name);
        };
        if !held(rule.accept, made) {
            let line = format!("public-key.{name}.accept = \"{}\"", rule.accept);
            return Cited {
                value: false,
                line: self.cite(&line, &rule.explain),
            };
        }
        match (rule.minimum_bits, algorithm.bits) {
            (Some(minimum), Some(bits)) if bits < minimum => {
                let small = rule.small_bits.zip(rule.small_before);
                if let Some((least, before)) = small.filter(|(least, _)| bits >= *least) {
                    return Cited {
                        value: held(before, made),
                        line: self.cite(
                            &format!(
                                "public-key.{name}.small-bits = {least}, small-before = \"{before}\""
                            ),
                            &rule.explain,
                        ),
                    };
                }
                Cited {
                    value: false,
                    line: self.cite(
                        &format!("public-key.{name}.minimum-bits = {minimum}"),
                        &rule.explain,
                    ),
                }
            }
            _ => self.unless(true, &rule.explain, String::new),
        }
    }

    /// The line to cite when a key is accepted but should be replaced.
    pub(crate) fn small_key(&self, algorithm: &Algorithm) -> Option<String> {
        let name = algorithm.rule;
        let rule = self.rules.public_key.get(name)?;
        let floor = rule.warn_below_bits?;
        (algorithm.bits? < floor).then(|| {
            self.cite(
                &format!("public-key.{name}.warn-below-bits = {floor}"),
                &rule.explain,
            )
        })
    }

    /// The line to cite when a digest is accepted in what was signed, but is weak.
    pub(crate) fn weak_digest(&self, rule: &str) -> Option<String> {
        let found = self.rules.digest.get(rule).filter(|found| found.weak)?;
        Some(self.cite(&format!("digest.{rule}.weak = true"), &found.explain))
    }

    /// The line to cite when a key's algorithm is accepted, but is weak.
    pub(crate) fn weak_algorithm(&self, algorithm: &Algorithm) -> Option<String> {
        let name = algorithm.rule;
        let rule = self.rules.public_key.get(name).filter(|rule| rule.weak)?;
        Some(self.cite(&format!("public-key.{name}.weak = true"), &rule.explain))
    }

    /// Whether signature packets of this version are accepted.
    pub(crate) fn version(&self, version: u8, made: Option<Timestamp>) -> Cited<bool> {
        let name = format!("v{version}");
        let Some(rule) = self.rules.signature.get(&name) else {
            return self.unlisted("signature", &name);
        };
        self.unless(held(rule.accept, made), &rule.explain, || {
            format!("signature.{name}.accept = \"{}\"", rule.accept)
        })
    }

    fn object(&self, object: Object) -> &ObjectRule {
        match object {
            Object::Repository => &self.rules.repository,
            Object::Package => &self.rules.package,
            Object::Artifact => &self.rules.artifact,
            Object::Upload => self.rules.upload.as_ref().unwrap_or(&self.rules.repository),
        }
    }

    /// How old a signature on this kind of object may be, in days, and the line that says
    /// so, if any.
    pub fn max_age_days(&self, object: Object) -> Option<(u32, String)> {
        let rule = self.object(object);
        let days = rule.max_age_days?;
        let line = format!("{}.max-age-days = {days}", object.table());
        Some((days, self.cite(&line, &rule.explain)))
    }

    /// Whether a good signature may count that binds this kind of object by MD5 and SHA-1
    /// only, and the line that says so.
    pub fn collision_weak(&self, object: Object) -> (bool, String) {
        let rule = self.object(object);
        let value = rule.collision_weak.unwrap_or(Weight::Reject);
        let cited = self.weight(object, "collision-weak", value, "MD5 and SHA-1 collide");
        (cited.value != Weight::Reject, cited.line)
    }

    pub(crate) fn alive_now(&self, object: Object) -> Cited<Weight> {
        let rule = self.object(object);
        self.weight(object, "alive-now", rule.alive_now, &rule.explain)
    }

    pub(crate) fn retired_since(&self, object: Object) -> Cited<Weight> {
        let rule = self.object(object);
        self.weight(object, "retired-since", rule.retired_since, &rule.explain)
    }

    /// Signed when the key had expired, by everything that is known.
    pub(crate) fn expired_then(&self, object: Object) -> Cited<Weight> {
        let rule = self.object(object);
        self.weight(object, "expired-then", rule.expired_then, &rule.explain)
    }

    /// Signed when the key had expired, and extended afterwards.
    pub(crate) fn extended_later(&self, object: Object) -> Cited<Weight> {
        let rule = self.object(object);
        self.weight(object, "extended-later", rule.extended_later, &rule.explain)
    }

    /// Signed by a certificate without any self-signature.
    pub(crate) fn bare_key(&self, object: Object) -> Cited<Weight> {
        let rule = self.object(object);
        self.weight(object, "bare-key", rule.bare_key, &rule.explain)
    }

    pub(crate) fn text_form(&self, object: Object) -> Cited<TextForm> {
        let rule = self.object(object);
        let word = match rule.text_form {
            TextForm::Reject => "reject",
            TextForm::LfOnly => "lf-only",
            TextForm::Accept => "accept",
        };
        Cited {
            value: rule.text_form,
            line: self.cite(
                &format!("{}.text-form = \"{word}\"", object.table()),
                "a text signature does not cover how lines end",
            ),
        }
    }

    fn weight(&self, object: Object, field: &str, value: Weight, explain: &str) -> Cited<Weight> {
        let word = match value {
            Weight::Reject => "reject",
            Weight::Warn => "warn",
            Weight::Note => "note",
        };
        Cited {
            value,
            line: self.cite(&format!("{}.{field} = \"{word}\"", object.table()), explain),
        }
    }

    fn unlisted(&self, table: &str, name: &str) -> Cited<bool> {
        Cited {
            value: false,
            line: self.cite(&format!("{table}.{name}"), "not listed, so never accepted"),
        }
    }

    /// What is accepted needs no citation; these are asked for every self-signature of
    /// every certificate.
    fn unless(&self, accepted: bool, explain: &str, line: impl Fn() -> String) -> Cited<bool> {
        Cited {
            value: accepted,
            line: if accepted {
                String::new()
            } else {
                self.cite(&line(), explain)
            },
        }
    }

    fn cite(&self, line: &str, explain: &str) -> String {
        if explain.is_empty() {
            format!("profile {}: {line}", self.name())
        } else {
            format!("profile {}: {line} ({explain})", self.name())
        }
    }
}

/// Whether a rule held when something was made; what does not say when is of no day.
fn held(rule: Until, made: Option<Timestamp>) -> bool {
    made.map_or(rule == Until::Always, |made| rule.holds(made))
}
