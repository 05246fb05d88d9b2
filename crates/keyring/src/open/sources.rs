//! apt and yum sources: what `Signed-By` and `gpgkey` name or hold.

use std::path::Path;

use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::Finding;

use super::{Asked, Collector, Form, subject};
use crate::codes;

impl Collector {
    /// sources.list(5), deb822 style: paragraphs with `Signed-By` fields.
    pub(super) fn deb822(&mut self, path: &Path, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        for paragraph in paragraphs(&text) {
            let field = |name: &str| {
                paragraph
                    .iter()
                    .find(|field| field.name.eq_ignore_ascii_case(name))
            };
            let disabled = field("Enabled").is_some_and(|f| is_no(f.value.trim()));
            let Some(signed_by) = field("Signed-By").filter(|_| !disabled) else {
                continue;
            };
            if signed_by.value.contains("-----BEGIN PGP ") {
                let block: String = signed_by.value.lines().map(unindented).collect();
                if self.certificates_in(path, block.as_bytes(), Form::Inline) == 0 {
                    let detail = format!("line {}: the block gives no certificate", signed_by.line);
                    self.warn(codes::REFERENCE, path, detail);
                }
            } else {
                let values = signed_by.value.split([',', ' ', '\t', '\n']);
                self.signed_by(path, signed_by.line, values);
            }
        }
    }

    /// sources.list(5), one-line style: `deb [signed-by=…] URI suite`.
    pub(super) fn one_line(&mut self, path: &Path, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_start();
            let Some((kind, rest)) = line.split_once([' ', '\t']) else {
                continue;
            };
            let options = rest
                .trim_start()
                .strip_prefix('[')
                .and_then(|rest| rest.split_once(']'))
                .map(|(options, _)| options);
            let Some(options) = options.filter(|_| matches!(kind, "deb" | "deb-src")) else {
                continue;
            };
            for option in options.split_whitespace() {
                if let Some((name, values)) = option.split_once('=')
                    && name.eq_ignore_ascii_case("signed-by")
                {
                    self.signed_by(path, index.saturating_add(1), values.split(','));
                }
            }
        }
    }

    /// yum.conf(5): `gpgkey=` with one or several URLs, `file://` ones followed.
    pub(super) fn yum_repo(&mut self, path: &Path, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let mut within = false;
        for (index, line) in text.lines().enumerate() {
            let values = match line.split_once('=') {
                _ if line.starts_with([' ', '\t']) && within => line,
                Some((name, values)) if name.trim().eq_ignore_ascii_case("gpgkey") => values,
                _ => {
                    within = false;
                    continue;
                }
            };
            within = true;
            for value in values.split([',', ' ', '\t']).filter(|v| !v.is_empty()) {
                let line = index.saturating_add(1);
                match value.strip_prefix("file://") {
                    Some(target) if target.starts_with('/') => self.follow(path, line, target),
                    _ => {
                        let finding = Finding::note(
                            codes::REFERENCE,
                            subject(path),
                            format!("line {line}: {value} is not fetched"),
                        );
                        self.findings
                            .push(finding.hint("download it and name the file"));
                    }
                }
            }
        }
    }

    /// Keyring paths and fingerprints that restrict them, as apt takes them.
    fn signed_by<'a>(&mut self, path: &Path, line: usize, values: impl Iterator<Item = &'a str>) {
        let before = self.certificates.len();
        let mut pins = Vec::new();
        let mut paths = 0_usize;
        for value in values.filter(|value| !value.is_empty()) {
            if value.starts_with('/') {
                paths = paths.saturating_add(1);
                self.follow(path, line, value);
            } else if let Some(pin) = Fingerprint::parse(value.trim_end_matches('!')) {
                pins.push(pin);
            } else {
                let detail = format!(
                    "line {line}: {value} is neither an absolute path nor a full fingerprint"
                );
                self.warn(codes::REFERENCE, path, detail);
            }
        }
        if pins.is_empty() {
            return;
        }
        if paths == 0 {
            let detail =
                format!("line {line}: fingerprints only, apt looks for them in its trusted keys");
            self.warn(codes::REFERENCE, path, detail).hint =
                Some("name /etc/apt/trusted.gpg.d as keyring too".to_owned());
            return;
        }
        let read = self.certificates.split_off(before);
        let (pinned, others): (Vec<_>, Vec<_>) = read
            .into_iter()
            .partition(|certificate| pins.contains(&certificate.fingerprint()));
        for pin in pins {
            if !pinned
                .iter()
                .any(|certificate| certificate.fingerprint() == pin)
            {
                let detail = format!("line {line}: no certificate {pin} in the keyring it names");
                self.warn(codes::REFERENCE, path, detail);
            }
        }
        for other in others {
            let detail = format!(
                "line {line}: certificate {} is left out, for the entry names others",
                other.fingerprint()
            );
            self.findings
                .push(Finding::note(codes::REFERENCE, subject(path), detail));
        }
        self.certificates.extend(pinned);
    }

    /// Reads a keyring that an entry names.
    fn follow(&mut self, from: &Path, line: usize, target: &str) {
        let path = Path::new(target);
        if !path.is_file() {
            let detail = format!("line {line}: {target} is not a file");
            self.warn(codes::REFERENCE, from, detail);
            return;
        }
        match self.read(path) {
            Ok(bytes) => self.file(path, &bytes, Asked::ByReference),
            Err(error) => {
                self.warn(codes::REFERENCE, from, format!("line {line}: {error}"));
            }
        }
    }
}

/// A field of a paragraph, continuation lines included, and the line it begins on.
struct Field {
    name: String,
    value: String,
    line: usize,
}

/// deb822(5) as far as sources need it: comments dropped, unknown lines ignored.
fn paragraphs(text: &str) -> Vec<Vec<Field>> {
    let mut paragraphs = vec![Vec::new()];
    for (index, line) in text.lines().enumerate() {
        let Some(current) = paragraphs.last_mut() else {
            continue;
        };
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            if !current.is_empty() {
                paragraphs.push(Vec::new());
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some(Field { value, .. }) = current.last_mut() {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            current.push(Field {
                name: name.trim_end().to_owned(),
                value: value.to_owned(),
                line: index.saturating_add(1),
            });
        }
    }
    paragraphs
}

/// A line of an inline block: the indent removed, and ` .` for an empty one.
fn unindented(line: &str) -> String {
    match line.trim() {
        "." => "\n".to_owned(),
        text => format!("{text}\n"),
    }
}

fn is_no(value: &str) -> bool {
    ["no", "false", "without", "off", "disable", "0"]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word))
}
