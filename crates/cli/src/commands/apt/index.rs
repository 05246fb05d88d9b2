//! `pkgseal apt index`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use pkgseal_deb::apt::{AllPackages, IndexOptions, Reuse, Unchanged, index};
use pkgseal_repo::{Limits, SafePath};

use super::making::{Run, digests, fields, suite};
use crate::args::{AptIndex, ArchAllName};
use crate::context;

pub(super) fn run(arguments: &AptIndex, clock: SystemTime) -> Result<ExitCode> {
    let run = Run::new(
        &arguments.publish,
        &arguments.moment,
        &arguments.common,
        clock,
    )?;
    let packages = arguments.packages_from.as_deref().map(packages);
    let options = IndexOptions {
        suite: match arguments.flat {
            true => None,
            false => suite(arguments.suite.as_deref())?,
        },
        pool: SafePath::new(arguments.pool.trim_end_matches('/')).context("--pool")?,
        components: arguments.component.clone(),
        architectures: arguments.arch.clone(),
        all: match arguments.arch_all {
            ArchAllName::Everywhere => AllPackages::Everywhere,
            ArchAllName::Apart => AllPackages::Apart,
        },
        packages: packages.transpose()?,
        fields: {
            let mut fields = fields(&arguments.release)?;
            if arguments.flat {
                fields.suite.clone_from(&arguments.suite);
            }
            fields
        },
        compress: arguments
            .compress
            .iter()
            .copied()
            .map(context::compression)
            .collect(),
        digests: digests(&arguments.release),
        unchanged: if arguments.redate {
            Unchanged::Redate
        } else {
            Unchanged::Leave
        },
        reuse: if arguments.rehash {
            Reuse::Nothing
        } else {
            Reuse::Untouched
        },
        signing: context::keys_as_they_stand(&arguments.publish.secrets.key)?,
    };
    let drafted = index(
        &arguments.path,
        &options,
        run.now,
        run.wait,
        &run.options,
        run.progress.as_ref(),
    )?;
    run.conclude(drafted)
}

/// The packages that a file names, one a line, relative to the repository.
fn packages(path: &Path) -> Result<BTreeSet<SafePath>> {
    let bytes = pkgseal_repo::read_file(path, Limits::default().index)?;
    let text =
        String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| {
            SafePath::new(line).with_context(|| format!("{}, line {}", path.display(), number + 1))
        })
        .collect()
}
