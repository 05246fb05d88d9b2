//! Writing a plan, so that people can read it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use pkgseal_repo::StagedFile;

use super::plan::{Party, Plan, Replaces, ResignPackages};
use crate::{Error, Result};

impl Plan {
    /// The plan file: what [`Plan::read`] reads back.
    ///
    /// # Errors
    /// [`Error::Plan`] when a path is not UTF-8.
    pub fn text(&self) -> Result<String> {
        let mut text = String::from(
            "# A plan for replacing a signing key, kept by `pkgseal key rotate`: it is written\n\
             # anew at each step. What is in it: pkgseal-key-rotate-plan(1).\n\n",
        );
        let _ = writeln!(text, "version = 1\nmade = \"{}\"", self.made);
        let what = match self.replaces() {
            Replaces::Certificate => "a certificate is replaced by another",
            Replaces::Subkey => "the signing subkey of a certificate is replaced",
        };
        let _ = writeln!(text, "# {what}");
        text.push_str("# from the announcement until nobody has the old certificate alone\n");
        let _ = writeln!(text, "window = \"{}\"", length(self.window));
        text.push_str("# from the hand-over until caches and mirrors have followed\n");
        let _ = writeln!(text, "settle = \"{}\"", length(self.settle));
        text.push_str("\n# What happens, in this order:\n");
        for (step, what) in self.itinerary() {
            let _ = writeln!(text, "# {step}: {what}");
        }
        party(&mut text, "old", &self.old, self.made);
        party(&mut text, "new", &self.new, self.made);
        for repository in &self.repositories {
            text.push_str("\n[[repository]]\n");
            let _ = writeln!(text, "format = \"{}\"", repository.format.name());
            let _ = writeln!(text, "path = {}", path(&repository.path)?);
            if let Some(url) = &repository.url {
                let _ = writeln!(text, "url = {}", string(url));
            }
            let _ = writeln!(text, "clients = {}", list(&repository.clients));
            if repository.packages == ResignPackages::Resign {
                text.push_str("packages = \"re-sign\"\n");
            }
        }
        for keyring in &self.keyrings {
            text.push_str("\n[[keyring]]\n");
            let _ = writeln!(text, "path = {}", path(&keyring.path)?);
            let _ = writeln!(text, "keeps-old = {}", keyring.keeps_old);
        }
        for done in &self.done {
            text.push_str("\n[[done]]\n");
            let _ = writeln!(text, "step = \"{}\"\nbegun = \"{}\"", done.step, done.begun);
            if let Some(ended) = done.ended {
                let _ = writeln!(text, "ended = \"{ended}\"");
            }
            if !done.stranded.is_empty() {
                let _ = writeln!(text, "stranded = {}", list(&done.stranded));
            }
            if let Some(until) = done.pinned_until {
                let _ = writeln!(text, "pinned-until = \"{until}\"");
            }
        }
        Ok(text)
    }

    /// Writes the plan file, staged: the old one is whole until the new one is. What was
    /// written is what is read back.
    ///
    /// # Errors
    /// [`Error::Plan`], [`Error::File`].
    pub fn save(&self, file: &Path) -> Result<()> {
        let text = self.text()?;
        if Self::read(&text)? != *self {
            return Err(Error::Plan {
                field: "file".to_owned(),
                reason: "what would be written is not what would be read back".to_owned(),
            });
        }
        let mut staged = StagedFile::create(file)?;
        staged
            .write_all(text.as_bytes())
            .map_err(|source| pkgseal_repo::Error::Write {
                path: file.to_owned(),
                source,
            })?;
        staged.commit()?;
        Ok(())
    }
}

fn party(text: &mut String, name: &str, party: &Party, now: Timestamp) {
    let _ = writeln!(text, "\n[{name}]");
    if let Some(user_id) = party.certificate.user_id() {
        let _ = writeln!(text, "# {}", user_id.replace(char::is_control, " "));
    }
    let facts = party.facts(now);
    if let Some(facts) = &facts {
        let until = match facts.expires {
            Some(expires) => format!("expires {expires}"),
            None => "never expires".to_owned(),
        };
        let _ = writeln!(text, "# {}, {until}", facts.algorithm);
    }
    let _ = writeln!(
        text,
        "fingerprint = \"{}\"",
        party.certificate.fingerprint()
    );
    let _ = writeln!(text, "signing-key = \"{}\"", party.key);
    let armored = party.certificate.to_armored();
    let armored = String::from_utf8_lossy(&armored);
    let _ = writeln!(text, "certificate = \"\"\"\n{}\n\"\"\"", armored.trim_end());
}

/// A length of time as [`pkgseal_repo::parse_duration`] reads it.
pub(super) fn length(length: SignedDuration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
        _ if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        _ => format!("{seconds}s"),
    }
}

fn path(path: &Path) -> Result<String> {
    let text = path.to_str().ok_or_else(|| Error::Plan {
        field: path.display().to_string(),
        reason: "it is not UTF-8".to_owned(),
    })?;
    Ok(string(text))
}

fn list(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| string(word)).collect();
    format!("[{}]", words.join(", "))
}

/// A basic string (TOML 1.0).
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            letter if letter.is_control() => {
                let _ = write!(out, "\\U{:08X}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
