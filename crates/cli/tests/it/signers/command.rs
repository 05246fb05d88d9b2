//! External commands that misbehave in the middle: what is said, and what is left.

use std::fs;
use std::path::PathBuf;

use pkgseal_testkit::build::put;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::keys::{self, load};
use pkgseal_testkit::peers::signing_command::SigningCommand;

use crate::run::{Run, listing, pkgseal};

const KEY: &str = "good-p256";

fn packages(command: &SigningCommand) -> Vec<PathBuf> {
    let folder = command.folder().join("packages");
    (0..12)
        .map(|number| {
            let package = Rpm::new(&format!("alpha{number}"), "1.0", "noarch", Format::V4);
            put(&folder, &package.file_name(), package.build());
            folder.join(package.file_name())
        })
        .collect()
}

fn sign(command: &SigningCommand, settings: &str, mood: &str, files: &[PathBuf]) -> Run {
    let settings = command.settings(settings);
    pkgseal(["sign", "--time", keys::SIGNED, "--jobs", "2", "--key"])
        .arg(format!("command:{}", settings.display()))
        .arg("--certificate")
        .arg(load(KEY).certificate_path())
        .env("MOOD", mood)
        .args(files)
        .run()
}

#[test]
fn a_mood_for_each_way_to_fail() {
    let Some(command) = SigningCommand::new(&load(KEY)) else {
        return;
    };
    let file = command.folder().join("files/notes.txt");
    put(command.folder(), "files/notes.txt", "some words\n");
    for (mood, mode, reason) in [
        ("late", "each", "did not answer within 1 s"),
        ("late", "session", "did not answer within 1 s"),
        ("mute", "each", "ended without an answer"),
        ("endless", "each", "longer than 64 KiB"),
        ("garbage", "session", "not one of the protocol's"),
        ("twice", "each", "more than one line"),
        ("other-digest", "each", "for another digest"),
        ("wrong", "each", "is not by key"),
        ("raw-der", "each", "64 are right"),
        ("short", "each", "no DER sequence"),
        ("refuse", "each", "does not sign: the key is disabled"),
        (
            "fail",
            "each",
            "it said: signing with key.pem no credentials found",
        ),
        ("fail-after", "each", "it failed (exit status: 5)"),
        ("die-after-0", "session", "it failed (exit status: 4)"),
    ] {
        let settings = format!("mode = \"{mode}\"\ntimeout = \"1s\"");
        let run = sign(&command, &settings, mood, std::slice::from_ref(&file)).expect(2);
        run.complains(reason);
        run.complains("hint: ");
        assert_eq!(listing(&command.folder().join("files")), ["notes.txt"]);
    }
}

#[test]
fn a_command_that_dies_in_the_middle_leaves_whole_files_and_the_next_run_goes_on() {
    for after in ["1", "2", "5"] {
        let Some(command) = SigningCommand::new(&load(KEY)) else {
            return;
        };
        let files = packages(&command);
        let before: Vec<_> = files.iter().map(|path| fs::read(path).unwrap()).collect();
        let mood = format!("die-after-{after}");
        let run = sign(&command, "mode = \"session\"", &mood, &files).expect(2);
        run.complains("it failed (exit status: 4)");
        assert_eq!(
            listing(&command.folder().join("packages")).len(),
            files.len()
        );
        for (path, old) in files.iter().zip(&before) {
            let is_whole = fs::read(path).unwrap() == *old
                || pkgseal(["verify", "--time", keys::NOW, "--keyring"])
                    .arg(load(KEY).certificate_path())
                    .arg(path)
                    .run()
                    .status
                    == 0;
            assert!(is_whole, "{}", path.display());
        }
        sign(&command, "mode = \"session\"", "", &files).expect(0);
    }
}

#[test]
fn sessions_are_as_many_as_threads_and_no_more_than_allowed() {
    for (lines, most) in [
        ("mode = \"session\"", 2),
        ("mode = \"session\"\nprocesses = 1", 1),
    ] {
        let Some(command) = SigningCommand::new(&load(KEY)) else {
            return;
        };
        let files = packages(&command);
        sign(&command, lines, "", &files).expect(0);
        assert!(
            (1..=most).contains(&command.processes()),
            "{}",
            command.processes()
        );
    }
}

#[test]
fn what_a_command_says_reaches_the_terminal_escaped() {
    let Some(command) = SigningCommand::new(&load(KEY)) else {
        return;
    };
    let script = fs::read_to_string(command.program()).unwrap();
    let hostile = script.replace("no credentials found", "$(printf '\\033]0;owned\\007')");
    fs::write(command.program(), hostile).unwrap();
    put(command.folder(), "notes.txt", "some words\n");
    let run = sign(&command, "", "fail", &[command.folder().join("notes.txt")]).expect(2);
    run.complains("owned");
    assert!(!run.stderr.contains('\u{1b}') && !run.stderr.contains('\u{7}'));
}

#[test]
fn a_relative_program_and_arguments_are_refused() {
    for (name, reason) in [
        ("command:bin/sign", "relative"),
        ("command:sign --key 1", "arguments go into a file"),
        ("command:", "names no program"),
    ] {
        let run = pkgseal(["sign", "--key", name, "notes.txt"])
            .run()
            .expect(2);
        run.complains(reason);
    }
}
