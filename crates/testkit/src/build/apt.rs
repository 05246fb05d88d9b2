//! apt repositories, unsigned: `Release` is for the caller to sign.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::deb::Deb;
use super::{Compression, Digest, put};

/// What an apt repository holds and how it is laid out.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Suite, and its folder beneath `dists/`; empty for a flat repository.
    pub suite: String,
    /// Packages by component; a flat repository takes them all.
    pub packages: Vec<(String, Deb)>,
    /// Digests of the Release file, in order.
    pub digests: Vec<Digest>,
    /// Stored variants of `Packages`.
    pub variants: Vec<Compression>,
    /// Whether indices lie under `by-hash/` too.
    pub by_hash: bool,
    /// `Date` and `Valid-Until`, as they stand in the file.
    pub date: String,
    /// See `date`.
    pub valid_until: Option<String>,
}

impl Repository {
    /// A suite with these packages: SHA-256, `Packages` plain, .gz and .xz.
    pub fn new(suite: &str, packages: Vec<(&str, Deb)>) -> Self {
        Self {
            suite: suite.into(),
            packages: packages
                .into_iter()
                .map(|(component, deb)| (component.to_owned(), deb))
                .collect(),
            digests: vec![Digest::Sha256],
            variants: vec![Compression::None, Compression::Gzip, Compression::Xz],
            by_hash: false,
            date: "Sat, 01 Mar 2025 00:00:00 UTC".into(),
            valid_until: None,
        }
    }

    /// A flat repository: everything in one folder.
    pub fn flat(packages: Vec<Deb>) -> Self {
        Self::new("", packages.into_iter().map(|deb| ("", deb)).collect())
    }

    /// Lists these digests.
    #[must_use]
    pub fn digests(self, digests: &[Digest]) -> Self {
        Self {
            digests: digests.into(),
            ..self
        }
    }

    /// Adds `by-hash/`.
    #[must_use]
    pub fn by_hash(self) -> Self {
        Self {
            by_hash: true,
            ..self
        }
    }

    /// Sets `Valid-Until`.
    #[must_use]
    pub fn valid_until(self, date: &str) -> Self {
        Self {
            valid_until: Some(date.into()),
            ..self
        }
    }

    /// The folder of the Release file, relative to the repository.
    pub fn folder(&self) -> String {
        if self.suite.is_empty() {
            ".".into()
        } else {
            format!("dists/{}", self.suite)
        }
    }

    fn is_flat(&self) -> bool {
        self.suite.is_empty()
    }

    /// Architectures of its packages, `all` left out.
    pub fn architectures(&self) -> BTreeSet<String> {
        self.packages
            .iter()
            .map(|(_, deb)| deb.architecture.clone())
            .filter(|architecture| architecture != "all")
            .collect()
    }

    /// Where a package lies, relative to the repository.
    pub fn pool_path(&self, component: &str, deb: &Deb) -> String {
        if self.is_flat() {
            format!("./{}", deb.file_name())
        } else {
            let initial = &deb.name[..1];
            format!(
                "pool/{component}/{initial}/{}/{}",
                deb.name,
                deb.file_name()
            )
        }
    }

    fn packages_text(&self, component: Option<&str>, architecture: Option<&str>) -> String {
        let mut text = String::new();
        for (of, deb) in &self.packages {
            let elsewhere = component.is_some_and(|component| component != of);
            let other = architecture
                .is_some_and(|wanted| deb.architecture != wanted && deb.architecture != "all");
            if elsewhere || other {
                continue;
            }
            let bytes = deb.build();
            let control = deb.control_text();
            let (fields, description) = control.split_once("Description:").unwrap();
            text.push_str(fields);
            text.push_str(&format!("Filename: {}\n", self.pool_path(of, deb)));
            text.push_str(&format!("Size: {}\n", bytes.len()));
            for digest in &self.digests {
                let name = match digest {
                    Digest::Md5 => "MD5sum",
                    Digest::Sha1 => "SHA1",
                    Digest::Sha256 => "SHA256",
                    Digest::Sha512 => "SHA512",
                };
                text.push_str(&format!("{name}: {}\n", digest.hex(&bytes)));
            }
            text.push_str(&format!("Description:{description}\n"));
        }
        text
    }

    /// Index files: path relative to the Release file, content.
    pub fn indices(&self) -> Vec<(String, Vec<u8>)> {
        let mut plain = Vec::new();
        if self.is_flat() {
            plain.push(("Packages".to_owned(), self.packages_text(None, None)));
        } else {
            let components: BTreeSet<_> = self.packages.iter().map(|(c, _)| c).collect();
            for component in components {
                for architecture in self.architectures() {
                    plain.push((
                        format!("{component}/binary-{architecture}/Packages"),
                        self.packages_text(Some(component), Some(&architecture)),
                    ));
                }
            }
        }
        plain
            .into_iter()
            .flat_map(|(path, text)| {
                self.variants.iter().map(move |variant| {
                    (
                        format!("{path}{}", variant.suffix()),
                        variant.compress(text.as_bytes()),
                    )
                })
            })
            .collect()
    }

    /// The text of the Release file.
    pub fn release(&self) -> String {
        let mut text = "Origin: pkgseal TEST\nLabel: pkgseal TEST\n".to_owned();
        if !self.is_flat() {
            text.push_str(&format!("Suite: {0}\nCodename: {0}\n", self.suite));
        }
        text.push_str(&format!("Date: {}\n", self.date));
        if let Some(date) = &self.valid_until {
            text.push_str(&format!("Valid-Until: {date}\n"));
        }
        if self.by_hash {
            text.push_str("Acquire-By-Hash: yes\n");
        }
        let architectures: Vec<_> = self.architectures().into_iter().collect();
        text.push_str(&format!("Architectures: {}\n", architectures.join(" ")));
        if !self.is_flat() {
            let components: BTreeMap<_, ()> = self
                .packages
                .iter()
                .map(|(c, _)| (c.as_str(), ()))
                .collect();
            let components: Vec<_> = components.into_keys().collect();
            text.push_str(&format!("Components: {}\n", components.join(" ")));
        }
        text.push_str("Description: a test repository\n");
        let indices = self.indices();
        for digest in &self.digests {
            text.push_str(match digest {
                Digest::Md5 => "MD5Sum:\n",
                Digest::Sha1 => "SHA1:\n",
                Digest::Sha256 => "SHA256:\n",
                Digest::Sha512 => "SHA512:\n",
            });
            for (path, content) in &indices {
                text.push_str(&format!(
                    " {} {:>8} {path}\n",
                    digest.hex(content),
                    content.len()
                ));
            }
        }
        text
    }

    /// Writes everything but signatures.
    pub fn write(&self, root: &Path) {
        for (component, deb) in &self.packages {
            put(root, &self.pool_path(component, deb), deb.build());
        }
        let folder = self.folder();
        for (path, content) in self.indices() {
            if self.by_hash {
                let beside = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                for digest in &self.digests {
                    let name = match digest {
                        Digest::Md5 => "MD5Sum",
                        Digest::Sha1 => "SHA1",
                        Digest::Sha256 => "SHA256",
                        Digest::Sha512 => "SHA512",
                    };
                    put(
                        root,
                        &format!("{folder}/{beside}/by-hash/{name}/{}", digest.hex(&content)),
                        &content,
                    );
                }
            }
            put(root, &format!("{folder}/{path}"), content);
        }
        put(root, &format!("{folder}/Release"), self.release());
    }
}
