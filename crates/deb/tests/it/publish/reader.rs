//! A client that reads while others publish, and forgives nothing.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Object, Verifier};
use pkgseal_testkit::build::Digest;

use crate::common::verifier;

/// What is wrong with what it read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A file that has to be there is not.
    Miss(String),
    /// Files of two generations, or of none.
    Mix(String),
}

/// A client of one suite.
pub(crate) struct Reader {
    directory: PathBuf,
    verifier: Verifier,
}

/// An InRelease that was read: its text, and what it lists.
pub(crate) struct Seen {
    message: Vec<u8>,
    text: Vec<u8>,
    listed: Vec<(String, String)>,
}

impl Reader {
    pub(crate) fn of(directory: PathBuf) -> Self {
        Self {
            directory,
            verifier: verifier(&["good"]),
        }
    }

    fn get(&self, path: &str) -> Result<Vec<u8>, Fault> {
        fs::read(self.directory.join(path)).map_err(|error| Fault::Miss(format!("{path}: {error}")))
    }

    /// Reads InRelease and judges it.
    pub(crate) fn root(&self) -> Result<Seen, Fault> {
        let message = self.get("InRelease")?;
        let judged = self.verifier.cleartext(Object::Repository, &message);
        let (text, report) = judged.accept();
        let Some(text) = text else {
            return Err(Fault::Mix(format!("InRelease: {:?}", report.verdict)));
        };
        let text = text.into_inner();
        let words = String::from_utf8(text.clone()).unwrap();
        let (_, list) = words.split_once("SHA512:\n").unwrap();
        let lines = list.lines().map_while(|line| line.strip_prefix(' '));
        let listed = lines
            .map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                (words[0].to_owned(), words[2].to_owned())
            })
            .collect();
        Ok(Seen {
            message,
            text,
            listed,
        })
    }

    /// Fetches everything an InRelease lists by its digest, as apt does. Returns the
    /// generation's number.
    pub(crate) fn by_hash(&self, seen: &Seen) -> Result<u32, Fault> {
        let mut number = None;
        for (hex, path) in &seen.listed {
            let folder = Path::new(path).parent().unwrap().display().to_string();
            let folder = if folder.is_empty() {
                folder
            } else {
                folder + "/"
            };
            let object = format!("{folder}by-hash/SHA512/{hex}");
            let content = self.get(&object)?;
            if Digest::Sha512.hex(&content) != *hex {
                return Err(Fault::Mix(object));
            }
            let text = String::from_utf8_lossy(&content);
            if let Some((_, counter)) = text.split_once("Package: counter\nVersion: ") {
                number = counter.split_once('.').unwrap().0.parse().ok();
            }
        }
        number.ok_or_else(|| Fault::Mix("no counter".to_owned()))
    }

    /// Reads everything by name, and InRelease once more: where it is the same, all of
    /// it has to be of one generation. `false` when it was another.
    pub(crate) fn by_name(&self, seen: &Seen) -> Result<bool, Fault> {
        let mut wrong = Vec::new();
        let mut compare = |path: &str, right: bool| {
            if !right {
                wrong.push(path.to_owned());
            }
        };
        for (hex, path) in &seen.listed {
            compare(path, Digest::Sha512.hex(&self.get(path)?) == *hex);
        }
        compare("Release", self.get("Release")? == seen.text);
        let signature = self.get("Release.gpg")?;
        let detached =
            self.verifier
                .detached_bytes(Object::Repository, seen.text.clone(), &signature);
        compare("Release.gpg", detached.report().is_accepted());
        if self.get("InRelease")? != seen.message {
            return Ok(false);
        }
        match wrong.first() {
            None => Ok(true),
            Some(_) => Err(Fault::Mix(wrong.join(" "))),
        }
    }
}
