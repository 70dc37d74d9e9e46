#!/bin/sh
# Puts the user's caches into the volume: at every start, since a container may get a new volume.
set -eu

# A named volume is root's to begin with. Each user id has a folder of its own in it: whoever
# shares the Docker engine shares the volume, and can't write to another one's files.
mine="/var/cache/dagteam/$(id -u)"
[ -w "$mine" ] || sudo install -d -o "$(id -u)" -g "$(id -g)" "$mine"
for cache in uv pip; do
  mkdir -p "$mine/$cache" "$HOME/.cache"
  [ -L "$HOME/.cache/$cache" ] || rm -rf "$HOME/.cache/$cache"
  ln -sfn "$mine/$cache" "$HOME/.cache/$cache"
done
