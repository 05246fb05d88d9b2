//! `pkcs11:` URIs (RFC 7512), read strictly: what is not understood is refused, for a
//! misspelt attribute would otherwise let another key sign.

use std::path::{Path, PathBuf};

use super::LastTry;

/// Bytes of a URI, at most.
const LENGTH: usize = 4096;
/// What RFC 7512 allows in a value besides letters, digits and `-._~`; the ampersand in a
/// path, the rest in a query only.
const IN_VALUES: &[u8] = b":[]@!$'()*+,=";
const IN_PATHS: &[u8] = b"&";
const IN_QUERIES: &[u8] = b"/?|";

/// Names a key on a PKCS#11 token: a `pkcs11:` URI. An attribute that is not given matches
/// anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pkcs11Key {
    /// What follows `pkcs11:`, a PIN taken out.
    text: String,
    /// Somebody wrote a PIN into it. Refused when the key is opened and not before, for
    /// whoever reads arguments repeats those that are wrong.
    pub(super) shows_pin: bool,
    /// The token's label (`CK_TOKEN_INFO`).
    pub(super) token: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) manufacturer: Option<String>,
    pub(super) model: Option<String>,
    /// The number of the slot it is in.
    pub(super) slot: Option<u64>,
    /// `CKA_LABEL` of the key.
    pub(super) object: Option<String>,
    /// `CKA_ID` of the key.
    pub(super) id: Option<Vec<u8>>,
    /// Where its PIN stands.
    pub(super) pin_source: Option<PathBuf>,
    pub(super) module: Option<ModuleName>,
    pub(super) last_try: LastTry,
}

/// How a module is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ModuleName {
    /// This file.
    Path(PathBuf),
    /// The file of this name, without `lib` and `.so`, in one of the folders where modules
    /// are installed.
    Name(String),
}

impl Pkcs11Key {
    /// Reads what follows `pkcs11:`, as RFC 7512 has it:
    /// `token=…;object=…?module-path=…&pin-source=file:…`.
    ///
    /// # Errors
    /// What is wrong with it: an attribute that is unknown, given twice, empty or badly
    /// escaped, a `type` that cannot sign.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(shown) = without_pin(text) {
            return Ok(Self {
                text: shown,
                shows_pin: true,
                ..Self::default()
            });
        }
        if text.is_empty() {
            return Err("it names no key".to_owned());
        }
        if text.len() > LENGTH {
            return Err(format!("it is longer than {LENGTH} bytes"));
        }
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let mut key = Self {
            text: text.to_owned(),
            ..Self::default()
        };
        for name in ["pin-source", "module-path", "module-name"] {
            if path.split(';').any(|pair| pair.starts_with(name)) {
                return Err(format!(
                    "{name} belongs after a question mark (RFC 7512, 2.3)"
                ));
            }
        }
        for (attribute, value) in attributes(path, ';', IN_PATHS)? {
            key.set_in_path(attribute, value)?;
        }
        for (attribute, value) in attributes(query, '&', IN_QUERIES)? {
            key.set_in_query(attribute, value)?;
        }
        Ok(key)
    }

    /// With the module to load where the URI names none.
    #[must_use]
    pub fn or_module(mut self, path: PathBuf) -> Self {
        self.module = self.module.or(Some(ModuleName::Path(path)));
        self
    }

    /// With what happens when one more wrong PIN locks the token.
    #[must_use]
    pub fn last_try(self, last_try: LastTry) -> Self {
        Self { last_try, ..self }
    }

    fn set_in_path(&mut self, attribute: &str, value: Vec<u8>) -> Result<(), String> {
        match attribute {
            "token" => once(&mut self.token, attribute, name(attribute, value, 32)?),
            "manufacturer" => once(
                &mut self.manufacturer,
                attribute,
                name(attribute, value, 32)?,
            ),
            "serial" => once(&mut self.serial, attribute, name(attribute, value, 16)?),
            "model" => once(&mut self.model, attribute, name(attribute, value, 16)?),
            "object" => once(&mut self.object, attribute, name(attribute, value, LENGTH)?),
            "id" => once(&mut self.id, attribute, value),
            "slot-id" => {
                let digits = name(attribute, value, 20)?;
                let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
                match digits.parse() {
                    Ok(number) if plain => once(&mut self.slot, attribute, number),
                    _ => Err("slot-id is no number".to_owned()),
                }
            }
            "type" => match value.as_slice() {
                b"private" => Ok(()),
                _ => Err("type is not private: only a private key signs".to_owned()),
            },
            other => Err(unknown(other)),
        }
    }

    fn set_in_query(&mut self, attribute: &str, value: Vec<u8>) -> Result<(), String> {
        match attribute {
            "pin-source" => {
                let text = name(attribute, value, LENGTH)?;
                once(&mut self.pin_source, attribute, pin_file(&text)?)
            }
            "module-path" => {
                let path = PathBuf::from(name(attribute, value, LENGTH)?);
                if !path.is_absolute() {
                    return Err("module-path is not absolute".to_owned());
                }
                once(&mut self.module, "module", ModuleName::Path(path))
            }
            "module-name" => {
                let name = name(attribute, value, 255)?;
                if name.contains('/') || name.starts_with('.') {
                    return Err("module-name is a path: write module-path".to_owned());
                }
                once(&mut self.module, "module", ModuleName::Name(name))
            }
            other => Err(unknown(other)),
        }
    }
}

impl std::fmt::Display for Pkcs11Key {
    /// As it was written, without a PIN.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// What is left to show of a text with a PIN in it.
fn without_pin(text: &str) -> Option<String> {
    const NAME: &str = "pin-value=";
    let at = text.to_ascii_lowercase().find(NAME)?;
    // Nothing after it: nobody knows where the PIN was meant to end.
    let shown = text.get(..at.saturating_add(NAME.len()))?;
    Some(format!("{shown}*"))
}

fn unknown(attribute: &str) -> String {
    let shown: String = attribute.chars().take(40).collect();
    format!(
        "attribute {shown} is unknown: token, serial, manufacturer, model, slot-id, object, id \
         and type=private name a key; after a question mark pin-source, module-path and \
         module-name"
    )
}

/// `NAME=VALUE` pairs, values unescaped.
fn attributes<'t>(
    text: &'t str,
    separator: char,
    more: &[u8],
) -> Result<Vec<(&'t str, Vec<u8>)>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split(separator)
        .map(|pair| {
            let Some((attribute, value)) = pair.split_once('=') else {
                let shown: String = pair.chars().take(40).collect();
                return Err(format!(
                    "{shown:?} is no attribute: there is no equals sign"
                ));
            };
            let value = unescaped(attribute, value, more)?;
            if value.is_empty() {
                return Err(format!("{attribute} is empty"));
            }
            Ok((attribute, value))
        })
        .collect()
}

fn unescaped(attribute: &str, text: &str, more: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = text.bytes();
    let mut value = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let plain = byte.is_ascii_alphanumeric()
            || b"-._~".contains(&byte)
            || IN_VALUES.contains(&byte)
            || more.contains(&byte);
        if plain {
            value.push(byte);
        } else if byte == b'%' {
            let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
            match (digit(bytes.next()), digit(bytes.next())) {
                (Some(high), Some(low)) => {
                    value.extend(u8::try_from(high * 16 + low));
                }
                _ => {
                    return Err(format!(
                        "{attribute} has a percent sign without two hexadecimal digits"
                    ));
                }
            }
        } else if byte == b' ' {
            return Err(format!("{attribute} has a space: write %20"));
        } else {
            return Err(format!(
                "{attribute} has the byte 0x{byte:02x}: write %{byte:02X}"
            ));
        }
    }
    Ok(value)
}

/// A value as text of at most `limit` bytes.
fn name(attribute: &str, value: Vec<u8>, limit: usize) -> Result<String, String> {
    if value.len() > limit {
        return Err(format!(
            "{attribute} is longer than {limit} bytes, which no token's is"
        ));
    }
    let text = String::from_utf8(value).map_err(|_| format!("{attribute} is not UTF-8"))?;
    if text.chars().any(char::is_control) {
        return Err(format!("{attribute} has a control character"));
    }
    Ok(text)
}

fn once<T>(place: &mut Option<T>, attribute: &str, value: T) -> Result<(), String> {
    if place.is_some() {
        return Err(format!("{attribute} is given twice"));
    }
    *place = Some(value);
    Ok(())
}

/// `file:/path`, `file:///path` or `/path`.
fn pin_file(text: &str) -> Result<PathBuf, String> {
    if text.starts_with('|') {
        return Err(
            "pin-source names a program, and none is run: write the PIN to a file of mode \
                    0600 and name that"
                .to_owned(),
        );
    }
    let path = match text.strip_prefix("file:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None => text,
    };
    if !Path::new(path).is_absolute() {
        return Err("pin-source is no absolute path of a file (file:/path)".to_owned());
    }
    Ok(PathBuf::from(path))
}

#[cfg(test)]
mod tests;
