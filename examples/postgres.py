"""A PostgreSQL server of one's own in a folder, for as long as a story lasts."""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager


@contextmanager
def postgres(folder):
    """Starts a new server on a free port of this machine; gives the URL of its database."""
    programs = find()
    # PostgreSQL refuses to run as root; the user its package made is there for that.
    as_user = []
    if os.getuid() == 0:
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            sys.exit("PostgreSQL does not run as root, and there is no user `postgres`\nhint: apt-get install postgresql")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    if as_user:
        os.chown(data, user.pw_uid, user.pw_gid)
        for above in [folder, *folder.parents]:  # the folders of a story are its owner's alone
            if above.stat().st_mode & 0o001 == 0:
                above.chmod(above.stat().st_mode | 0o111)

    def run(program, *words):
        command = [*as_user, f"{programs}/{program}", *words]
        ended = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        if ended.returncode != 0:
            raise SystemExit(f"`{program}` failed:\n{ended.stdout}{ended.stderr}")

    run("initdb", "-D", f"{data}/db", "-A", "trust", "-U", "postgres", "--no-sync")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={data} -c fsync=off"
    run("pg_ctl", "-D", f"{data}/db", "-l", f"{data}/log", "-w", "-o", settings, "start")
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", f"{data}/db", "-m", "immediate", "-w", "stop")


def find():
    """The folder of PostgreSQL's programs: the newest that Debian has, or the one on the path."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda folder: int(folder.split("/")[4]))
    on_path = shutil.which("initdb")
    if folders:
        return folders[-1]
    if on_path:
        return os.path.dirname(on_path)
    sys.exit("PostgreSQL is not on this machine\nhint: apt-get install postgresql, or the package of your system")
