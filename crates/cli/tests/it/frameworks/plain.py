"""The official Python client and no framework: `modern` lets it negotiate, `session` is the handshake of 2025-11-25."""

import os
import sys
from contextlib import asynccontextmanager

import anyio
from mcp import Client, ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from turns import command, ended, turn


@asynccontextmanager
async def connected(era):
    program, *args = command()
    server = StdioServerParameters(command=program, args=args, env=dict(os.environ))
    if era == "modern":
        async with Client(server) as client:
            yield client, client.protocol_version
    else:
        async with stdio_client(server) as (reads, writes), ClientSession(reads, writes) as session:
            yield session, (await session.initialize()).protocol_version


async def main():
    async with connected(sys.argv[1]) as (client, version):
        said = turn(version)
        while "call" in said:
            result = await client.call_tool(said["call"], said["arguments"])
            said = turn("\n".join(block.text for block in result.content), result.is_error)
    ended(said["say"])


anyio.run(main)
