//! The releases as they were at a revision of git, written into a folder of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::RELEASED;
use crate::error::Error;
use crate::project::Project;

/// Puts the releases of a revision into a folder below `.semel/` and tells which.
pub fn releases(project: &Project, revision: &str) -> Result<PathBuf, Error> {
    // Git would take what begins with a dash for an option.
    if revision.starts_with('-') {
        return Err(Error::Failed(format!("{revision} is no revision")));
    }
    let folder = project.state_folder("schemas-at-revision")?;
    fs::remove_dir_all(&folder).map_err(Error::io("empty", &folder))?;
    fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let commit = format!("{revision}^{{commit}}");
    let commit = git(project, &["rev-parse", "--verify", "--quiet", &commit])
        .map_err(|_| Error::Failed(format!("git knows no revision {revision}")))?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    let listed =
        git(project, &["ls-tree", "-r", "-z", "--full-name", "--name-only", &commit, "--", RELEASED])?;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        let Some((_, below)) = path.split_once(&format!("{RELEASED}/")) else { continue };
        let file = folder.join(below);
        let parent = file.parent().unwrap_or(&folder);
        fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
        let text = git(project, &["cat-file", "blob", &format!("{commit}:{path}")])?;
        fs::write(&file, text).map_err(Error::io("write", &file))?;
    }
    Ok(folder)
}

fn git(project: &Project, arguments: &[&str]) -> Result<Vec<u8>, Error> {
    let output = Command::new("git").current_dir(project.root()).args(arguments).output();
    let output = output.map_err(Error::io("run", Path::new("git")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Error::Command {
        command: format!("git {}", arguments.join(" ")),
        status: output.status.to_string(),
        tail: String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned).collect(),
    })
}
