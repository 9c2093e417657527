"""An agent of LangChain and LangGraph with the MCP adapters: `session` keeps one session open, `anew` opens one for each call,
which is what the adapters do by themselves."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from uuid import uuid4

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from turns import command, ended, turn


class Played(BaseChatModel):
    """A model that the test plays."""

    _llm_type = "played"

    def bind_tools(self, tools, **_):
        return self

    def _generate(self, messages, stop=None, run_manager=None, **_):
        last = messages[-1]
        status = getattr(last, "status", None)
        said = turn(last.text, None if status is None else status == "error")
        if "call" in said:
            call = {"name": said["call"], "args": said["arguments"], "id": uuid4().hex, "type": "tool_call"}
            message = AIMessage(content="", tool_calls=[call])
        else:
            message = AIMessage(content=said["say"])
        return ChatResult(generations=[ChatGeneration(message=message)])


async def main():
    program, *args = command()
    connection = {"transport": "stdio", "command": program, "args": args, "env": dict(os.environ)}
    client = MultiServerMCPClient({"files": connection})
    async with AsyncExitStack() as stack:
        if sys.argv[1] == "session":
            tools = await load_mcp_tools(await stack.enter_async_context(client.session("files")))
        else:
            tools = await client.get_tools()
        agent = create_agent(Played(), tools)
        state = await agent.ainvoke({"messages": [("user", "begin")]}, {"recursion_limit": 100})
    ended(state["messages"][-1].text)


asyncio.run(main())
