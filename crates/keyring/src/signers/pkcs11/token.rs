//! Which token a URI means.

use std::path::PathBuf;

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error as Refused, RvError};
use cryptoki::session::Session;
use cryptoki::slot::{Limit, Slot, TokenInfo};

use super::{Pkcs11Key, module, trouble, words};
use crate::signers::KeySource;
use crate::{Error, Result};

/// A token in a slot of a module.
pub(super) struct Token {
    context: Pkcs11,
    slot: Slot,
    module: PathBuf,
    label: String,
    /// What errors call the key.
    source: KeySource,
}

impl Token {
    /// Finds the one token that is meant, and opens a session with it.
    pub(super) fn open(key: &Pkcs11Key, source: &KeySource) -> Result<(Self, Session)> {
        let module = module::path(key, source)?;
        let context = module::load(&module, source)?;
        let refuse = |reason: String, hint: String| Err(trouble(source, reason, Some(hint)));
        let list_them = format!(
            "list the tokens with: pkcs11-tool --module {} --list-token-slots",
            module.display()
        );
        let slots = match context.get_slots_with_token() {
            Ok(slots) => slots,
            Err(error) => {
                return refuse(
                    format!("the module does not list its tokens: {error}"),
                    list_them,
                );
            }
        };
        let mut tokens = Vec::new();
        for slot in slots {
            // One that is being pulled out is no token, and one that is empty holds no key.
            if let Ok(info) = context.get_token_info(slot)
                && info.token_initialized()
            {
                tokens.push((slot, info));
            }
        }
        let matching: Vec<_> = tokens
            .iter()
            .filter(|(slot, info)| matches(key, *slot, info))
            .cloned()
            .collect();
        let (slot, label) = match matching.as_slice() {
            [(slot, info)] => (*slot, info.label().to_owned()),
            [] if tokens.is_empty() => {
                return refuse("no token is in any slot".to_owned(), list_them);
            }
            [] => {
                let list = listed(&tokens);
                return refuse(
                    format!("there is no such token; there is {list}"),
                    list_them,
                );
            }
            several => {
                let list = listed(several);
                return refuse(
                    format!("several tokens match: {list}"),
                    "add serial=… of the one that is meant".to_owned(),
                );
            }
        };
        let token = Self {
            slot,
            context,
            module,
            label,
            source: source.clone(),
        };
        let session = token
            .session()
            .map_err(|error| token.refused(&error, "opening a session"))?;
        Ok((token, session))
    }

    /// What a person is told whose PIN is asked for.
    pub(super) fn name(&self) -> String {
        format!("token {}", self.label)
    }

    /// The module, as commands name it.
    pub(super) fn module(&self) -> String {
        self.module.display().to_string()
    }

    /// What it says of itself at this moment.
    pub(super) fn info(&self) -> Result<TokenInfo> {
        self.context
            .get_token_info(self.slot)
            .map_err(|error| self.refused(&error, "asking for its state"))
    }

    pub(super) fn session(&self) -> Result<Session, Refused> {
        self.context.open_ro_session(self.slot)
    }

    /// How many sessions it has for one application, where it says so.
    pub(super) fn sessions(&self) -> Option<usize> {
        match self.info().ok()?.max_session_count() {
            Limit::Max(count) => usize::try_from(count).ok().filter(|count| *count > 0),
            Limit::Unavailable | Limit::Infinite => None,
        }
    }

    /// An error of the token's, by words that help where they are known.
    pub(super) fn refused(&self, error: &Refused, doing: &str) -> Error {
        let (reason, hint) = words::of(error, doing, &self.module());
        self.trouble(reason, hint)
    }

    pub(super) fn trouble(&self, reason: impl Into<String>, hint: Option<String>) -> Error {
        trouble(&self.source, reason, hint)
    }
}

/// Whether a session cannot be opened because others are.
pub(super) fn is_full(error: &Refused) -> bool {
    matches!(error, Refused::Pkcs11(RvError::SessionCount, _))
}

fn matches(uri: &Pkcs11Key, slot: Slot, info: &TokenInfo) -> bool {
    let same = |wanted: &Option<String>, is: &str| {
        wanted
            .as_ref()
            // Fields of fixed length are padded with blanks.
            .is_none_or(|wanted| wanted.trim_end() == is.trim_end())
    };
    same(&uri.token, info.label())
        && same(&uri.serial, info.serial_number())
        && same(&uri.manufacturer, info.manufacturer_id())
        && same(&uri.model, info.model())
        && uri.slot.is_none_or(|wanted| wanted == slot.id())
}

fn listed(tokens: &[(Slot, TokenInfo)]) -> String {
    let one = |(slot, info): &(Slot, TokenInfo)| {
        format!(
            "token={};serial={};slot-id={slot}",
            info.label(),
            info.serial_number()
        )
    };
    tokens.iter().map(one).collect::<Vec<_>>().join(", ")
}
