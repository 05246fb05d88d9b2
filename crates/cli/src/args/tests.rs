//! The house rules of the command line, held by tests.

use std::collections::BTreeMap;

use clap::{Command, CommandFactory as _};

use super::Arguments;

fn every(visit: &mut impl FnMut(&Command)) {
    fn descend(command: &Command, visit: &mut impl FnMut(&Command)) {
        visit(command);
        command
            .get_subcommands()
            .for_each(|subcommand| descend(subcommand, visit));
    }
    let mut root = Arguments::command();
    root.build();
    descend(&root, visit);
}

#[test]
fn definitions_hold_together() {
    Arguments::command().debug_assert();
}

#[test]
fn first_help_lines_exist_and_have_no_full_stop() {
    every(&mut |command| {
        if command.get_name() == "help" {
            return;
        }
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        assert!(
            !about.is_empty(),
            "{} says nothing of itself",
            command.get_name()
        );
        for argument in command.get_arguments() {
            let help = argument
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                !help.is_empty(),
                "{} {} has no help",
                command.get_name(),
                argument.get_id()
            );
            let first = help.lines().next().unwrap_or_default();
            assert!(!first.ends_with('.'), "{} {first:?}", command.get_name());
        }
    });
}

#[test]
fn one_option_has_one_meaning() {
    // These say more or less of the same thing where the command differs.
    const VARIED: &[&str] = &[
        "compress",
        "help",
        "version",
        "json",
        "output",
        "path",
        "paths",
        "profile",
        "redate",
        "suites",
        "user_id",
        "valid_for",
    ];
    let mut meanings: BTreeMap<String, String> = BTreeMap::new();
    every(&mut |command| {
        for argument in command.get_arguments() {
            let id = argument.get_id().to_string();
            if VARIED.contains(&id.as_str()) || argument.get_long().is_none() {
                continue;
            }
            let help = argument
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            let known = meanings.entry(id.clone()).or_insert_with(|| help.clone());
            assert_eq!(*known, help, "--{id} of {}", command.get_name());
        }
    });
}

/// Law 6: a secret is visible to every user of the machine once it is an argument.
#[test]
fn no_option_takes_a_secret() {
    every(&mut |command| {
        for argument in command.get_arguments() {
            let long = argument.get_long().unwrap_or_default();
            if !["passphrase", "password", "pin", "secret"]
                .iter()
                .any(|word| long.contains(word))
            {
                continue;
            }
            assert!(
                argument.get_env().is_none(),
                "--{long} reads the environment"
            );
            // One that takes no value takes no secret.
            if !argument.get_action().takes_values() {
                continue;
            }
            assert!(
                ["-file", "-fd", "-credential"]
                    .iter()
                    .any(|source| long.ends_with(source)),
                "--{long} would take a secret as its value"
            );
        }
    });
}
