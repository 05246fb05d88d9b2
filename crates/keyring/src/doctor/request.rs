//! What to ask the holder of a key for, where only the certificate is at hand.

use std::fmt::Write as _;

use jiff::Timestamp;
use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::{Code, Severity};

use super::{Diagnosis, Part, Remedy};
use crate::codes::doctor as codes;

/// A request to the holder of a key: what is wrong, packet by packet, what mends it, and
/// how the answer is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The certificate it is about.
    pub certificate: Fingerprint,
    /// Its primary user ID; raw.
    pub user_id: Option<String>,
    /// What is asked for.
    pub wanted: Vec<Wanted>,
    /// Commands that do it, each with the tool it is for and what to know about it.
    pub commands: Vec<Command>,
}

/// One signature that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Why, as a code.
    pub code: Code,
    /// The part of the certificate.
    pub part: Part,
    /// The time of the self-signature that is to be followed.
    pub follows: Option<Timestamp>,
    /// What is wrong with that.
    pub detail: String,
    /// The packets wanted, in the words of the specification.
    pub packets: &'static str,
}

/// Commands of one tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// `pkgseal`, `sq`, `gpg`.
    pub tool: &'static str,
    /// The lines to type.
    pub lines: Vec<String>,
    /// What to know about it.
    pub note: &'static str,
}

impl Request {
    /// What to ask for; `None` where nothing needs mending by its holder.
    pub fn of(diagnosis: &Diagnosis) -> Option<Self> {
        let wanted: Vec<Wanted> = diagnosis
            .troubles
            .iter()
            .filter(|trouble| trouble.finding.severity > Severity::Note)
            .filter(|trouble| matches!(trouble.remedy, Remedy::Reissue | Remedy::Extend))
            .filter(|trouble| trouble.finding.code != codes::HALF_MENDED)
            .map(|trouble| Wanted {
                code: trouble.finding.code,
                part: trouble.part.clone(),
                follows: trouble.made,
                detail: trouble.finding.detail.clone(),
                packets: packets(trouble.finding.code, &trouble.part),
            })
            .collect();
        if wanted.is_empty() {
            return None;
        }
        Some(Self {
            commands: commands(diagnosis, &wanted),
            certificate: diagnosis.certificate.clone(),
            user_id: diagnosis.user_id.clone(),
            wanted,
        })
    }

    /// The request as a letter; `name` is what the certificate's file is called. Raw:
    /// user IDs are in it.
    pub fn text(&self, name: &str) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "Please renew the self-signatures of your OpenPGP certificate\n\n    {}",
            self.certificate
        );
        if let Some(user_id) = &self.user_id {
            let _ = writeln!(text, "    {user_id}");
        }
        let _ = writeln!(
            text,
            "\nThe key itself stays, and so does its fingerprint. Programs that verify with it stop\n\
             counting the signatures by which its parts are bound together:\n"
        );
        for wanted in &self.wanted {
            let _ = writeln!(text, "  - {} [{}]", wanted.detail, wanted.code);
            let _ = writeln!(text, "    wanted: {}", wanted.packets);
        }
        let _ = writeln!(
            text,
            "\nAny one of these does it, where the secret key is (KEYFILE: an export of it that nobody\n\
             else may read):"
        );
        for command in &self.commands {
            let _ = writeln!(text, "\n  with {}: {}", command.tool, command.note);
            for line in &command.lines {
                let _ = writeln!(text, "    {line}");
            }
        }
        let _ = writeln!(
            text,
            "\nKeep the old signatures in the certificate: they prove what was signed in their time.\n\
             Then send back the public certificate alone, or publish it where {name} came from.\n\n\
             We check the answer with\n\n    {}\n\n\
             DIR being a repository that you signed: every signature in it must still verify, no\n\
             subkey and no user ID be lost, and nothing that was revoked come back.",
            self.check(name)
        );
        text
    }

    /// The command that checks what comes back.
    pub fn check(&self, name: &str) -> String {
        format!("pkgseal key prove {name} ANSWER DIR")
    }
}

fn packets(code: Code, part: &Part) -> &'static str {
    if [codes::EXPIRED, codes::SUBKEY_FORGOTTEN].contains(&code) {
        return match part {
            Part::Subkey(_) => {
                "a subkey binding signature (type 0x18) with a later key expiration time, and an embedded primary key binding signature (0x19) by the subkey"
            }
            _ => {
                "a certification of each user ID (type 0x13), or a direct-key signature (0x1F), with a later key expiration time"
            }
        };
    }
    match part {
        Part::Primary => {
            "a direct-key signature (type 0x1F) with SHA-256 or better that says the same"
        }
        Part::UserId(_) => {
            "a certification of this user ID by its own primary key (type 0x13) with SHA-256 or better that says the same"
        }
        Part::Subkey(_) => {
            "a subkey binding signature (type 0x18) with SHA-256 or better that says the same, and in it a primary key binding signature (0x19) by the subkey, with SHA-256 or better too"
        }
    }
}

fn commands(diagnosis: &Diagnosis, wanted: &[Wanted]) -> Vec<Command> {
    let fingerprint = &diagnosis.certificate;
    let is = |codes: &[Code]| wanted.iter().any(|wanted| codes.contains(&wanted.code));
    let mut commands = Vec::new();
    let mut lines = Vec::new();
    let expired = is(&[codes::EXPIRED, codes::SUBKEY_FORGOTTEN]);
    if wanted
        .iter()
        .any(|one| ![codes::EXPIRED, codes::SUBKEY_FORGOTTEN].contains(&one.code))
    {
        lines.push("pkgseal key doctor --fix KEYFILE".to_owned());
    }
    if expired {
        lines.push("pkgseal key extend --expires 2y KEYFILE".to_owned());
    }
    commands.push(Command {
        tool: "pkgseal",
        lines,
        note: "mends all of it; old signatures verify again too",
    });
    if is(&[
        codes::WEAK_SELF_SIGNATURE,
        codes::WEAK_BINDING,
        codes::WEAK_BACK_SIGNATURE,
    ]) {
        commands.push(Command {
            tool: "sq",
            lines: vec![
                "sq key import KEYFILE".to_owned(),
                format!("sq cert lint --fix --cert {fingerprint}"),
                format!("sq cert export --cert {fingerprint}"),
            ],
            note: "mends SHA-1 in self-signatures, bindings and back-signatures from now on",
        });
    }
    // gpg copies the back-signature that is there, whatever its digest.
    let back = is(&[codes::WEAK_BACK_SIGNATURE, codes::BAD_BACK_SIGNATURE]);
    if !back {
        let mut lines = Vec::new();
        if is(&[codes::NO_BACK_SIGNATURE]) {
            lines.push(format!(
                "printf 'cross-certify\\nsave\\n' | gpg --cert-digest-algo SHA512 --command-fd 0 --edit-key {fingerprint}"
            ));
        } else {
            lines.push(format!(
                "gpg --cert-digest-algo SHA512 --quick-set-expire {fingerprint} 2y"
            ));
            let subkey = |one: &Wanted| matches!(one.part, Part::Subkey(_));
            if wanted.iter().any(subkey) {
                lines.push(format!(
                    "gpg --cert-digest-algo SHA512 --quick-set-expire {fingerprint} 2y '*'"
                ));
            }
        }
        lines.push(format!("gpg --armor --export {fingerprint}"));
        commands.push(Command {
            tool: "gpg",
            lines,
            note: "signs anew as it sets an expiry; it takes the old self-signatures out, so join both copies before publishing: pkgseal keyring merge",
        });
    }
    commands
}
